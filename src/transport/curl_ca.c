// SPDX-License-Identifier: MIT
/* CURLOPT_CAINFO_BLOB replaces libcurl's bundle (CAPATH stays), so the blob contains libcurl's
 * bundle and the caller's file. The form of the file is checked here, so that the error can name
 * it; the content of certificates is checked by the TLS library. */
#include "curl_ca.h"

#include "curl_transfer.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BEGIN_MARK "-----BEGIN "
#define END_MARK   "-----END "

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

/* Without a readable bundle the system uses CAPATH or nothing; that is not the caller's error. */
static void load_own(ia_buf *out) {
  const char *bundle = NULL;
  CURL *easy = curl_easy_init();
  if (easy && curl_easy_getinfo(easy, CURLINFO_CAINFO, &bundle) == CURLE_OK && bundle)
    (void)read_file(bundle, out);
  if (easy) curl_easy_cleanup(easy);
  if (out->length > 0) ia_buf_char(out, '\n');
}

imgact_status ia_ca_load(const char *path, ia_buf *out, imgact_error *error) {
  load_own(out);
  return load_given(path, out, error);
}
