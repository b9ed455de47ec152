// SPDX-License-Identifier: MIT
/* Written here because libmicrohttpd cannot cut a response inside its head. */
#include "http_bytes.h"

void sim_http_head(const sim_reply *reply, sim_text *out) {
  sim_text_printf(out, "HTTP/1.1 %d Simulated\r\n", reply->status);
  for (size_t i = 0; i < reply->headers_count; i++)
    sim_text_printf(out, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
  sim_text_printf(out, "Content-Length: %zu\r\n\r\n", reply->body_bytes);
}
