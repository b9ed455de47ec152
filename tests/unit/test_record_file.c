// SPDX-License-Identifier: MIT
// How a recording is saved: completely, for its owner only, or not at all.
#include "recorder_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

// ---- files

// Replaces fsync() and rename() for the transport, which is linked statically. Records the order of
// "f" (fsync of a file), "d" (fsync of a directory) and "r" (rename), and returns errors on
// request.
static char file_calls[16];
static int fsync_error, rename_error;

static void note_call(char what) {
  size_t used = strlen(file_calls);
  if (used < sizeof file_calls - 1) file_calls[used] = what;
}

int fsync(int fd) {
  struct stat about;
  bool is_folder = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
  note_call(is_folder ? 'd' : 'f');
  errno = is_folder ? 0 : fsync_error;
  return errno != 0 ? -1 : 0;
}

int rename(const char *from, const char *to) {
  note_call('r');
  errno = rename_error;
  if (rename_error != 0) return -1;
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

TEST(recorder_save_syncs_before_rename) {
  recording made = start(NULL);
  memset(file_calls, 0, sizeof file_calls);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  free(finish(&made));
  assert_string_equal(file_calls, "frd");
}

// A save fails at the step whose error is set. The next save leaves one file: no temporary file
// remains.
static void check_failed_save_keeps_older(int *step_error, int code, const char *calls) {
  recording made = start(NULL);
  imgact_error error;
  write_text(made.there.file, "an older one");
  scripted_on(made.script, "*", (scripted_answer){.status = 204});

  ask(&made, "GET", "https://h/a");
  memset(file_calls, 0, sizeof file_calls);
  *step_error = code;
  assert_int_equal(imgact_recorder_save(made.transport, &error), IMGACT_INTERNAL);
  *step_error = 0;
  if (calls) assert_string_equal(file_calls, calls);
  assert_non_null(strstr(error.message, strerror(code)));
  char *text = read_text(made.there.file);
  assert_string_equal(text, "an older one");

  free(text);
  free(finish(&made));
}

TEST(recorder_save_failed_sync_keeps_older) {
  check_failed_save_keeps_older(&fsync_error, EIO, "f");
}

TEST(recorder_save_failed_rename_keeps_older) {
  check_failed_save_keeps_older(&rename_error, EACCES, NULL);
}

TEST(recorder_save_without_sync_support_works) {
  recording made = start(NULL);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  fsync_error = EINVAL;
  free(finish(&made));
  fsync_error = 0;
}

TEST(recorder_save_mode_is_0600) {
  recording made = start(NULL);
  write_text(made.there.file, "an older one");
  scripted_on(made.script, "*", (scripted_answer){.status = 204});

  ask(&made, "GET", "https://h/a");
  char *text = read_text(made.there.file);
  assert_string_equal(text, "an older one");
  free(text);
  assert_int_equal(imgact_recorder_save(made.transport, NULL), IMGACT_OK);
  struct stat there;
  assert_int_equal(stat(made.there.file, &there), 0);
  assert_int_equal(there.st_mode & 0777, 0600);
  ask(&made, "GET", "https://h/b");
  text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 2);

  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_destroy_saves_unsaved_entries) {
  recording made = start(NULL);
  scripted_on(made.script, "*", (scripted_answer){.status = 204});
  ask(&made, "GET", "https://h/a");
  made.transport->destroy(made.transport);
  scripted_free(made.script);
  char *text = read_text(made.there.file);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 1);
  imgact_json_doc_free(doc);
  free(text);
  assert_int_equal(remove_folder(&made.there), 1);
}

TEST(recorder_without_exchanges_saves_empty_log) {
  recording made = start(NULL);
  char *text = finish(&made);
  imgact_json_doc *doc = parsed(text);
  assert_int_equal(imgact_json_get_type(at(doc, "log.entries")), IMGACT_JSON_ARRAY);
  assert_int_equal(imgact_json_count(at(doc, "log.entries")), 0);
  imgact_json_doc_free(doc);
  free(text);
}

TEST(recorder_without_exchanges_keeps_older) {
  recording made = start(NULL);
  write_text(made.there.file, "an older one");
  char *text = finish(&made);
  assert_string_equal(text, "an older one");
  free(text);
}

static void expect_bad_path(const char *path, const char *why) {
  scripted *script = scripted_new();
  imgact_transport *transport = scripted_transport(script);
  imgact_error error;
  imgact_transport *made = transport;
  assert_int_equal(imgact_transport_new_recorder(transport, path, NULL, &made, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(made);
  if (strstr(error.message, why) == NULL) fail_msg("'%s' does not say '%s'", error.message, why);
  assert_true(scripted_destroyed(script)); // owned by the recorder, also on failure
  scripted_free(script);
}

TEST(recorder_new_unwritable_path_is_rejected) {
  folder there = new_folder();
  char path[200];
  expect_bad_path(there.path, "not a regular file");
  expect_bad_path("/dev/null", "not a regular file");
  expect_bad_path("", "empty file name");
  snprintf(path, sizeof path, "%s/none/cassette.har", there.path);
  expect_bad_path(path, "No such file or directory");
  write_text(there.file, "a file");
  snprintf(path, sizeof path, "%s/cassette.har", there.file);
  expect_bad_path(path, "Not a directory");
  if (geteuid() != 0) { // root can write anywhere
    assert_int_equal(chmod(there.path, 0500), 0);
    snprintf(path, sizeof path, "%s/other.har", there.path);
    expect_bad_path(path, "Permission denied");
    assert_int_equal(chmod(there.path, 0700), 0);
  }
  char *text = read_text(there.file);
  assert_string_equal(text, "a file");

  free(text);
  assert_int_equal(remove_folder(&there), 1);
}

TEST(recorder_save_removed_folder_fails) {
  recording made = start(NULL);
  imgact_error error;
  assert_int_equal(remove_folder(&made.there), 0);
  assert_int_equal(imgact_recorder_save(made.transport, &error), IMGACT_INTERNAL);
  assert_non_null(strstr(error.message, "No such file"));
  made.transport->destroy(made.transport);
  scripted_free(made.script);
}

TEST(recorder_save_full_disk_keeps_older) {
  static const size_t rooms[] = {10, 1000,
                                 20000}; // less than the frame, the entry, the buffered rest
  for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
    recording made = start(NULL);
    write_text(made.there.file, "an older one");
    char body[20000];
    memset(body, 'x', sizeof body);
    scripted_next(made.script,
                  (scripted_answer){.status = 200, .body = body, .body_bytes = sizeof body});
    ask(&made, "GET", "https://h/a");
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = rooms[i], .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    imgact_error error;
    imgact_status status = imgact_recorder_save(made.transport, &error);
    made.transport->destroy(made.transport);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, IMGACT_INTERNAL);
    assert_non_null(strstr(error.message, "File too large"));
    char *text = read_text(made.there.file);
    assert_string_equal(text, "an older one");
    free(text);
    scripted_free(made.script);
    assert_int_equal(remove_folder(&made.there), 1);
  }
}

// Wherever the disk is full, the older file stays and no temporary file remains.
TEST(recorder_save_cut_anywhere_keeps_older) {
  recording made = start(NULL);
  struct rlimit before;
  imgact_error error;
  write_text(made.there.file, "an older one");
  scripted_on(made.script, "*",
              (scripted_answer){.status = 200, .body = "{}", .headers = "Date: x\n"});

  for (int i = 0; i < 40; i++) ask(&made, i % 2 ? "GET" : "DELETE", "https://h/a");
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  size_t cuts = 0;
  for (imgact_status status = IMGACT_INTERNAL; status != IMGACT_OK; cuts++) {
    struct rlimit small = {.rlim_cur = cuts * 509, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status = imgact_recorder_save(made.transport, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    if (status == IMGACT_OK) break;
    assert_non_null(strstr(error.message, "File too large"));
    char *text = read_text(made.there.file);
    assert_string_equal(text, "an older one");
    free(text);
  }
  assert_true(cuts > 30);

  free(finish(&made));
}

TEST(recorder_save_other_transport_is_rejected) {
  scripted *script = scripted_new();
  imgact_error error;
  assert_int_equal(imgact_recorder_save(scripted_transport(script), &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_int_equal(imgact_recorder_save(NULL, &error), IMGACT_INVALID_ARGUMENT);
  scripted_free(script);
}

TEST(recorder_new_invalid_arguments_are_rejected) {
  folder there = new_folder();
  imgact_transport *made = NULL;
  imgact_allocator incomplete = {.size = sizeof incomplete};
  scripted *script = scripted_new();
  assert_int_equal(
      imgact_transport_new_recorder(scripted_transport(script), NULL, NULL, &made, NULL),
      IMGACT_INVALID_ARGUMENT);
  assert_true(scripted_destroyed(script));
  scripted_free(script);
  assert_int_equal(imgact_transport_new_recorder(NULL, there.file, &incomplete, &made, NULL),
                   IMGACT_INVALID_ARGUMENT);
  remove_folder(&there);
}

int main(void) { return testing_run(NULL, NULL); }
