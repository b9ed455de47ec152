// SPDX-License-Identifier: MIT
/*
 * Hostile arguments. An input is lines: "CLOUD OPERATION FLAGS", then image, action, region, name,
 * label selector, tag, sort key, description, label key and value, architecture, application and
 * endpoint; a line that is missing is NULL. Byte 1 is a newline inside a line. Properties:
 *
 *   - a rejected operation has a message and sends nothing;
 *   - the URL of a request is printable ASCII below the endpoint, without "." and ".." segments;
 * headers hold no control character; the token is in Authorization alone;
 *   - the decoded path, query and body have the values of the arguments.
 */
#include "check.h"
#include "operations.h"
#include "str.h"
#include <imgact/json.h>

enum {
  HEAD,
  IMAGE,
  ACTION,
  REGION,
  NAME,
  SELECTOR,
  TAG,
  SORT,
  DESCRIPTION,
  LABEL_KEY,
  LABEL_VALUE,
  LABEL_KEY_2,
  LABEL_VALUE_2,
  ARCHITECTURE,
  APPLICATION,
  ENDPOINT,
  ARGUMENTS
};

typedef struct arguments {
  const char *text[ARGUMENTS];
  unsigned kind, flags;
  imgact_label labels[2];
} arguments;

static bool answer(void *user, const scripted_request *request, scripted_answer *response) {
  (void)user, (void)request;
  *response = (scripted_answer){
      .status = 422, .body = "{\"error\":{\"code\":\"invalid_input\",\"message\":\"no\"}}"};
  response->body_bytes = strlen(response->body);
  return true;
}

/* ---- the operation ---- */

static imgact_op *list_images(imgact_client *client, const arguments *a) {
  const char *sort[] = {a->text[SORT]}, *bound[] = {a->text[IMAGE]};
  imgact_image_filter filter = {.size = sizeof filter,
                                .name = a->text[NAME],
                                .label_selector = a->flags & 1 ? a->text[SELECTOR] : NULL,
                                .tag = a->flags & 2 ? a->text[TAG] : NULL,
                                .region = a->flags & 4 ? a->text[REGION] : NULL,
                                .architecture = a->flags & 1 ? a->text[ARCHITECTURE] : NULL,
                                .sort = sort,
                                .sort_count = a->flags & 8 && sort[0] ? 1 : 0,
                                .bound_to = bound,
                                .bound_to_count = a->flags & 1 && bound[0] ? 1 : 0};
  return imgact_list_images(client, &filter);
}

static imgact_op *list_actions(imgact_client *client, const arguments *a) {
  const char *sort[] = {a->text[SORT]}, *ids[] = {a->text[ACTION]};
  imgact_action_filter filter = {.size = sizeof filter,
                                 .image_id = a->flags & 1 ? a->text[IMAGE] : NULL,
                                 .ids = ids,
                                 .ids_count = a->flags & 2 && ids[0] ? 1 : 0,
                                 .sort = sort,
                                 .sort_count = a->flags & 8 && sort[0] ? 1 : 0};
  return imgact_list_actions(client, &filter);
}

static imgact_op *update_image(imgact_client *client, const arguments *a) {
  imgact_image_update update = {.size = sizeof update,
                                .name = a->flags & 2 ? a->text[NAME] : NULL,
                                .description = a->text[DESCRIPTION],
                                .labels = a->labels,
                                .labels_count = 2,
                                .replace_labels = (int32_t)(a->flags & 1)};
  return imgact_update_image(client, a->text[IMAGE], &update);
}

static imgact_op *new_image(imgact_client *client, const arguments *a, bool imports) {
  const char *tags[] = {a->text[SORT]};
  imgact_image_create create = {.size = sizeof create,
                                .name = a->text[NAME],
                                .description = a->flags & 2 ? a->text[DESCRIPTION] : NULL,
                                .region = a->flags & 4 ? a->text[REGION] : NULL,
                                .labels = a->labels,
                                .labels_count = a->flags & 1 ? 2 : 0,
                                .tags = tags,
                                .tags_count = a->flags & 8 && tags[0] ? 1 : 0};
  return imports ? imgact_import_image(client, a->text[DESCRIPTION], &create)
                 : imgact_create_image(client, a->text[IMAGE], &create);
}

static imgact_op *make(imgact_client *client, const arguments *a) {
  const char *ids[] = {a->text[ACTION], a->text[IMAGE]};
  switch ((imgact_op_kind)(a->kind % IMGACT_OP_COUNT)) {
  case IMGACT_OP_LIST_IMAGES: return list_images(client, a);
  case IMGACT_OP_GET_IMAGE:
    return imgact_get_image(client, a->text[IMAGE], a->flags & 1 ? a->text[ARCHITECTURE] : NULL);
  case IMGACT_OP_UPDATE_IMAGE: return update_image(client, a);
  case IMGACT_OP_DELETE_IMAGE: return imgact_delete_image(client, a->text[IMAGE]);
  case IMGACT_OP_LIST_ACTIONS: return list_actions(client, a);
  case IMGACT_OP_GET_ACTION:
    return imgact_get_action(client, a->text[ACTION], a->flags & 1 ? a->text[IMAGE] : NULL);
  case IMGACT_OP_CHANGE_PROTECTION:
    return a->flags & 1 ? imgact_protect_image(client, a->text[IMAGE])
                        : imgact_unprotect_image(client, a->text[IMAGE]);
  case IMGACT_OP_CONVERT: return imgact_convert_image(client, a->text[IMAGE]);
  case IMGACT_OP_TRANSFER: return imgact_transfer_image(client, a->text[IMAGE], a->text[REGION]);
  case IMGACT_OP_CREATE_IMAGE: return new_image(client, a, false);
  case IMGACT_OP_IMPORT_IMAGE: return new_image(client, a, true);
  default:
    return imgact_wait_actions(client, ids, a->text[ACTION] ? 1 : 0,
                               a->flags & 1 ? a->text[IMAGE] : NULL);
  }
}

/* ---- the request ---- */

static bool is_plain(const char *text) {
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < 0x20 || *text == 0x7f) return false;
  return true;
}

static void check_headers(const scripted_request *request) {
  bool authorized = false;
  for (size_t i = 0; i < request->headers_count; i++) {
    const imgact_header *header = &request->headers[i];
    CHECK(header->name[0] != '\0' && is_plain(header->name) && !strpbrk(header->name, ": ") &&
          is_plain(header->value));
    bool authorization = !strcasecmp(header->name, "Authorization");
    if (authorization)
      CHECK(!strcmp(header->value, "Bearer " FUZZ_TOKEN));
    else
      CHECK(!memmem(header->value, strlen(header->value), FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE));
    authorized = authorized || authorization;
  }
  CHECK(authorized);
}

static void check_path(const char *path, size_t length) {
  for (size_t at = 0; at < length;) {
    CHECK(path[at] == '/');
    size_t segment = strcspn(path + ++at, "/?");
    CHECK(segment > 0 && !(segment == 1 && path[at] == '.') &&
          !(segment == 2 && !strncmp(path + at, "..", 2)));
    at += segment;
  }
}

static void check_url(const scripted_request *request, const char *endpoint) {
  const char *url = request->url;
  size_t base = strlen(endpoint);
  ia_url parts;
  for (const char *at = url; *at != '\0'; at++) CHECK(*at > ' ' && *at < 0x7f && *at != '#');
  CHECK(!ia_url_parse(url, &parts));
  CHECK(!strncmp(url, endpoint, base) && url[base] == '/');
  check_path(url + base, strcspn(url + base, "?"));
  CHECK(!memmem(url, strlen(url), FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE));
}

/* The value of the first pair with that key is this text. */
static void expect_query(const char *url, const char *key, const char *text) {
  ia_buf value;
  size_t length = strlen(key);
  if (!text) return;
  ia_buf_init(&value, NULL, strlen(url) + 1);
  const char *at = strchr(url, '?');
  while (at && (strncmp(at + 1, key, length) != 0 || at[1 + length] != '='))
    at = strchr(at + 1, '&');
  CHECK(at);
  at += length + 2;
  ia_percent_decode(&value, at, strcspn(at, "&"), true);
  CHECK(!strcmp(ia_buf_text(&value), text));
  ia_buf_free(&value);
}

/* Some segment of the path is this text. */
static void expect_segment(const char *path, const char *text) {
  ia_buf segment;
  bool found = false;
  ia_buf_init(&segment, NULL, strlen(path) + 1);
  for (const char *at = path; at && *at == '/' && !found;) {
    size_t length = strcspn(++at, "/?");
    ia_buf_reset(&segment);
    ia_percent_decode(&segment, at, length, false);
    found = !strcmp(ia_buf_text(&segment), text);
    at += length;
  }
  CHECK(found);
  ia_buf_free(&segment);
}

static void expect_member(const imgact_json *object, const char *key, const char *text) {
  if (text) CHECK(imgact_json_equals(imgact_json_get(object, key), text));
}

static void check_body(const scripted_request *request, const arguments *a, imgact_op_kind kind,
                       bool hetzner) {
  imgact_json_doc *doc = NULL;
  if (!request->body) return;
  CHECK(imgact_json_doc_parse(request->body, request->body_bytes, NULL, &doc, NULL, 0) == 0);
  const imgact_json *root = imgact_json_doc_root(doc), *labels = imgact_json_get(root, "labels");
  CHECK(imgact_json_get_type(root) == IMGACT_JSON_OBJECT);
  CHECK(!memmem(request->body, request->body_bytes, FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE));
  if (kind == IMGACT_OP_TRANSFER) expect_member(root, "region", a->text[REGION]);
  if (kind == IMGACT_OP_UPDATE_IMAGE) expect_member(root, "description", a->text[DESCRIPTION]);
  if (kind == IMGACT_OP_UPDATE_IMAGE && hetzner && a->flags & 1) {
    bool twice = !strcmp(a->labels[0].key, a->labels[1].key);
    CHECK(imgact_json_count(labels) == (twice ? 1 : 2));
    if (!twice) expect_member(labels, a->labels[0].key, a->labels[0].value);
    expect_member(labels, a->labels[1].key, a->labels[1].value);
  }
  imgact_json_doc_free(doc);
}

static void check_request(const scripted_request *request, const arguments *a,
                          const imgact_client *client, imgact_op_kind kind) {
  bool hetzner = !strcmp(imgact_client_provider_name(client), "hetzner");
  const char *endpoint = imgact_client_endpoint(client), *path = request->url + strlen(endpoint);
  check_url(request, endpoint);
  check_headers(request);
  check_body(request, a, kind, hetzner);
  bool by_name = strchr(path, '?') != NULL;
  if (kind == IMGACT_OP_GET_IMAGE && by_name) expect_query(path, "name", a->text[IMAGE]);
  if ((kind == IMGACT_OP_GET_IMAGE && !by_name) || kind == IMGACT_OP_UPDATE_IMAGE ||
      kind == IMGACT_OP_DELETE_IMAGE || kind == IMGACT_OP_TRANSFER || kind == IMGACT_OP_CONVERT ||
      kind == IMGACT_OP_CHANGE_PROTECTION)
    expect_segment(path, a->text[IMAGE]);
  if (kind == IMGACT_OP_GET_ACTION) expect_segment(path, a->text[ACTION]);
  if (kind != IMGACT_OP_LIST_IMAGES) return;
  if (hetzner) expect_query(path, "name", a->text[NAME]);
  if (hetzner && a->flags & 1) expect_query(path, "label_selector", a->text[SELECTOR]);
  if (!hetzner && a->flags & 2) expect_query(path, "tag_name", a->text[TAG]);
}

/* ---- the client ---- */

/* With the application and endpoint of the input, or, if they are rejected, without. */
static imgact_client *new_client(scripted *script, const arguments *a, bool hetzner) {
  imgact_client *client = NULL;
  imgact_error error;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = hetzner ? "hetzner" : "digitalocean",
                                   .token = FUZZ_TOKEN,
                                   .application = a->text[APPLICATION],
                                   .endpoint = a->text[ENDPOINT],
                                   .max_attempts = 1};
  imgact_loop *loop = NULL;
  imgact_loop_options loop_options = {.size = sizeof loop_options,
                                      .transport = scripted_transport(script)};
  CHECK(imgact_loop_new(&loop_options, &loop, NULL) == IMGACT_OK);
  options.loop = loop;
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) {
    CHECK(!client && error.status == IMGACT_INVALID_ARGUMENT && error.message[0] != '\0');
    options.application = options.endpoint = NULL;
    CHECK(imgact_client_new(&options, &client, &error) == IMGACT_OK);
  }
  imgact_loop_free(loop);
  return client;
}

static bool read_arguments(arguments *a, const fuzz_lines *lines) {
  *a = (arguments){.kind = 0};
  for (size_t i = 0; i < ARGUMENTS && i < lines->count; i++) a->text[i] = lines->items[i];
  if (strlen(a->text[HEAD]) < 3) return false;
  a->kind = (unsigned)(unsigned char)a->text[HEAD][1] - 'a';
  a->flags = (unsigned char)a->text[HEAD][2];
  a->labels[0] =
      (imgact_label){a->text[LABEL_KEY] ? a->text[LABEL_KEY] : "a", a->text[LABEL_VALUE]};
  a->labels[1] =
      (imgact_label){a->text[LABEL_KEY_2] ? a->text[LABEL_KEY_2] : "b", a->text[LABEL_VALUE_2]};
  return true;
}

static void run(const arguments *a) {
  scripted *script = scripted_new();
  scripted_when(script, answer, NULL);
  imgact_client *client = new_client(script, a, a->text[HEAD][0] == 'h');
  imgact_op *op = make(client, a);
  CHECK(op);
  imgact_status status = imgact_op_run(op);
  check_op(op, status, &check_fuzz_token);
  size_t sent = scripted_count(script);
  CHECK(status != IMGACT_OK || sent == 0);
  if (status == IMGACT_INVALID_ARGUMENT || status == IMGACT_UNSUPPORTED) CHECK(sent == 0);
  for (size_t i = 0; i < sent; i++)
    check_request(scripted_at(script, i), a, client, imgact_op_get_kind(op));
  imgact_op_free(op);
  imgact_client_free(client);
  scripted_free(script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  arguments a;
  fuzz_lines lines;
  fuzz_split_lines(&lines, data, size);
  if (lines.count > 0 && read_arguments(&a, &lines)) run(&a);
  free(lines.text);
  return 0;
}
