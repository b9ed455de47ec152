// SPDX-License-Identifier: MIT
/*
 * Selects the certificate authorities of a connection. OpenSSL parses a bundle of 140 certificates
 * in 25 ms of CPU time, for each connection unless libcurl shares the result (7.87 and later,
 * without a folder or blob). In a folder of files named by the hash of their subject, it reads only
 * the files that it needs: 3 ms for the first connection, 1 ms for others. The folder is therefore
 * used alone at first. The bundle is added if a certificate is not trusted and the bundle contains
 * an authority that the folder lacks: an administrator may have added one to the bundle alone.
 *
 * CURLOPT_CAINFO_BLOB replaces libcurl's bundle, so a blob contains the bundle, if it is wanted,
 * and the caller's file. The form of the file is checked here, so that the error can name it; the
 * content of certificates is checked by the TLS library.
 */
#include "curl_ca.h"

#include "curl_transfer.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define CA_MAX_BYTES ((size_t)8 << 20)
#define BEGIN_MARK   "-----BEGIN "
#define END_MARK     "-----END "

static const char *read_file(const char *path, ia_buf *out) {
  char chunk[16384];
  FILE *file = fopen(path, "rbe");
  if (!file) return strerror(errno);
  errno = 0;
  for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0 && out->state == IA_BUF_OK;)
    ia_buf_add(out, chunk, got);
  const char *wrong = ferror(file) ? strerror(errno ? errno : EIO) : NULL;
  (void)fclose(file);
  return wrong;
}

static bool base64_text(const char *at, const char *end) {
  size_t letters = 0;
  for (; at < end; at++) {
    bool letter =
        (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
    if (letter || *at == '+' || *at == '/' || *at == '=')
      letters++;
    else if (*at != '\n' && *at != '\r' && *at != ' ' && *at != '\t')
      return false;
  }
  return letters > 0;
}

/* Returns NULL if there is at least one certificate, and only base64 between the marks; otherwise
 * the problem. */
static const char *check_pem(const char *text, size_t length) {
  size_t certificates = 0;
  if (memchr(text, '\0', length)) return "not a PEM file";

  for (const char *at = text; (at = strstr(at, BEGIN_MARK));) {
    const char *line_end = strchr(at, '\n');
    const char *end = line_end ? strstr(line_end, END_MARK) : NULL;
    if (!end) return "a PEM block has no end";
    bool certificate =
        strncmp(at, BEGIN_MARK "CERTIFICATE-----", sizeof BEGIN_MARK - 1 + 16) == 0 ||
        strncmp(at, BEGIN_MARK "TRUSTED CERTIFICATE-----", sizeof BEGIN_MARK - 1 + 24) == 0;
    if (certificate && !base64_text(line_end, end)) return "a certificate is not valid base64";
    certificates += certificate;
    at = end;
  }

  return certificates > 0 ? NULL : "no PEM certificate found";
}

static imgact_status load_given(const char *path, ia_buf *out, imgact_error *error) {
  size_t start = out->length;
  const char *wrong = read_file(path, out);
  if (out->state == IA_BUF_NOMEM) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  if (!wrong && out->state == IA_BUF_FULL) wrong = "file is too large";
  if (!wrong) wrong = check_pem(out->data ? out->data + start : "", out->length - start);
  return wrong ? imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "CA file %s: %s", path, wrong)
               : IMGACT_OK;
}

/* "0a1b2c3d.0" */
static bool is_hash_name(const char *name) {
  size_t digits = 0;
  while (isxdigit((unsigned char)name[digits])) digits++;
  return digits == 8 && name[8] == '.' && isdigit((unsigned char)name[9]);
}

static bool is_hashed(const char *path) {
  DIR *folder = opendir(path);
  bool found = false;
  if (!folder) return false;
  for (const struct dirent *it; !found && (it = readdir(folder));) found = is_hash_name(it->d_name);
  (void)closedir(folder);
  return found;
}

/* Some systems set SSL_CERT_FILE to libcurl's bundle. */
static bool is_same_file(const char *path, const char *bundle) {
  struct stat a, b;
  return bundle && stat(path, &a) == 0 && stat(bundle, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

static bool uses_openssl(void) {
  const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;
  return library && (strncmp(library, "OpenSSL/", 8) == 0 || strncmp(library, "LibreSSL/", 9) == 0);
}

static void find_own(ia_authorities *a) {
  CURL *easy = curl_easy_init();
  const char *folder = NULL;
  if (!easy) return;
  if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &a->bundle) != CURLE_OK) a->bundle = NULL;
  if (curl_easy_getinfo(easy, CURLINFO_CAPATH, &folder) != CURLE_OK) folder = NULL;
  curl_easy_cleanup(easy);
  a->is_openssl = uses_openssl();
  if (folder && a->is_openssl && is_hashed(folder)) a->folder = folder;
}

imgact_status ia_authorities_open(ia_authorities *a, const imgact_allocator *allocator,
                                  const char *path, imgact_error *error) {
  *a = (ia_authorities){0};
  ia_buf_init(&a->given, allocator, CA_MAX_BYTES);
  ia_buf_init(&a->all, allocator, 2 * CA_MAX_BYTES);
  find_own(a);
  if (!path || is_same_file(path, a->bundle)) return IMGACT_OK;
  imgact_status status = load_given(path, &a->given, error);
  if (status != IMGACT_OK) return status;

  /* A bundle that cannot be read is not the caller's error. */
  if (a->bundle) (void)read_file(a->bundle, &a->all);
  if (a->all.length > 0) ia_buf_char(&a->all, '\n');
  ia_buf_add(&a->all, a->given.data, a->given.length);
  if (a->all.state == IA_BUF_OK) return IMGACT_OK;
  return a->all.state == IA_BUF_NOMEM
             ? imgact_error_set(error, IMGACT_NOMEM, "out of memory")
             : imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                                "CA file %s: too large together with %s", path, a->bundle);
}

void ia_authorities_free(ia_authorities *a) {
  ia_buf_free(&a->given);
  ia_buf_free(&a->all);
}

static void read_folder(const char *path, ia_buf *out) {
  DIR *folder = opendir(path);
  if (!folder) return;
  for (const struct dirent *it; (it = readdir(folder));) {
    char name[PATH_MAX];
    int length = snprintf(name, sizeof name, "%s/%s", path, it->d_name);
    if (is_hash_name(it->d_name) && length < (int)sizeof name) (void)read_file(name, out);
  }
  (void)closedir(folder);
}

/* Returns true if a certificate of the bundle is not, letter by letter, in the texts. */
static bool has_further(char *bundle, const char *texts) {
  for (char *at = bundle; (at = strstr(at, BEGIN_MARK));) {
    char *end = strstr(at, END_MARK);
    if (!end) return true;
    *end = '\0';
    if (!strstr(texts, at)) return true;
    at = end + 1;
  }
  return false;
}

static bool bundle_has_further(const ia_authorities *a) {
  ia_buf bundle, texts;
  if (!a->folder || !a->bundle) return false;
  ia_buf_init(&bundle, a->given.allocator, CA_MAX_BYTES);
  ia_buf_init(&texts, a->given.allocator, CA_MAX_BYTES);

  (void)read_file(a->bundle, &bundle);
  read_folder(a->folder, &texts);
  bool further = bundle.state != IA_BUF_OK || texts.state != IA_BUF_OK ||
                 (bundle.data && has_further(bundle.data, texts.data ? texts.data : ""));

  ia_buf_free(&texts);
  ia_buf_free(&bundle);
  return further;
}

bool ia_authorities_can_grow(ia_authorities *a) {
  if (!a->compared) a->further = bundle_has_further(a);
  a->compared = true;
  return a->further;
}

static CURLcode set_blob(CURL *easy, const ia_buf *text) {
  struct curl_blob blob = {text->data, text->length, CURL_BLOB_NOCOPY};
  IA_CURL_SET(easy, CURLOPT_CAINFO_BLOB, text->length > 0 ? &blob : NULL);
  return CURLE_OK;
}

CURLcode ia_authorities_set(const ia_authorities *a, CURL *easy, bool with_bundle) {
  bool by_folder = a->folder && !with_bundle;
  /* libcurl's own, and nothing else: not every TLS library knows the options. */
  if (!a->folder && a->given.length == 0) return CURLE_OK;
  /* With other TLS libraries, libcurl's default stays. */
  if (a->is_openssl) IA_CURL_SET(easy, CURLOPT_CAPATH, a->folder);
  IA_CURL_SET(easy, CURLOPT_CAINFO, by_folder ? NULL : a->bundle);
  return set_blob(easy, by_folder ? &a->given : &a->all);
}
