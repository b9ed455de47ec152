/* SPDX-License-Identifier: MIT */
/*
 * Loops, clients, configuration: what has to exist before an operation can be started.
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_CLIENT_H
#define IMGACT_CLIENT_H

#include <imgact/base.h>
#include <imgact/error.h>
#include <imgact/model.h>

IMGACT_BEGIN_DECLS

/* Opaque: what drives operations, what they are made on, and what a configuration file says. */
typedef struct imgact_loop imgact_loop;
typedef struct imgact_client imgact_client;
typedef struct imgact_config imgact_config;
struct imgact_provider;  /* provider.h */
struct imgact_transport; /* transport.h */

/* The operations of a provider's table. */
typedef enum imgact_op_kind {
  IMGACT_OP_LIST_IMAGES,
  IMGACT_OP_GET_IMAGE,
  IMGACT_OP_UPDATE_IMAGE,
  IMGACT_OP_DELETE_IMAGE,
  IMGACT_OP_LIST_ACTIONS,
  IMGACT_OP_GET_ACTION,
  IMGACT_OP_CHANGE_PROTECTION,
  IMGACT_OP_CONVERT,
  IMGACT_OP_TRANSFER,
  IMGACT_OP_WAIT_ACTIONS,
  IMGACT_OP_COUNT,
  IMGACT_OP_MAX_ENUM = 0x7fffffff
} imgact_op_kind;

/* "list_images" and so on; NULL for what is no operation. Static. Any thread. */
IMGACT_API const char *imgact_op_kind_name(imgact_op_kind kind);

/* ---- loop ---- */

/* What a loop is made of; 0 and NULL = as usual. Read by imgact_loop_new alone; texts are copied.
 */
typedef struct imgact_loop_options {
  size_t size;                        /* sizeof(imgact_loop_options) */
  const imgact_allocator *allocator;  /* copied; NULL = malloc */
  struct imgact_transport *transport; /* taken over: destroyed with the loop, also when the call
                                         fails for another reason than the size; NULL = libcurl */
  const char *ca_file; /* PEM with further certificate authorities, or NULL; for libcurl, so refused
                          beside a transport */
} imgact_loop_options;

/* Initial value of imgact_loop_options: size set, all else 0 and NULL. */
#define IMGACT_LOOP_OPTIONS_INIT IMGACT_INIT(imgact_loop_options)

/* Makes a loop: a transport with its connections, a clock and the timers. options may be NULL.
 * *loop is NULL on failure. Errors: no_memory, invalid_argument (CA file, allocator, transport),
 * internal. Free with imgact_loop_free. */
IMGACT_API imgact_status imgact_loop_new(const imgact_loop_options *options, imgact_loop **loop,
                                         imgact_error *error);

/* Gives up the caller's hold on the loop; it goes when its last client has gone. Never blocks. NULL
 * is fine. */
IMGACT_API void imgact_loop_free(imgact_loop *loop);

/* For a loop of your own: wait until the descriptor is readable or the timeout (ms, -1 = none) has
 * passed, then dispatch. The timeout changes with every call on the loop. The descriptor stays the
 * same as long as the loop lives; it is -1 where the transport or the system has none: then
 * dispatch after the timeout, which is at most 50 ms while an operation runs. */
IMGACT_API int imgact_loop_fd(imgact_loop *loop);
IMGACT_API int imgact_loop_timeout_ms(imgact_loop *loop);

/* Does what is due: sends, receives, runs timers, calls callbacks. Never blocks. BUSY from inside a
 * callback. */
IMGACT_API imgact_status imgact_loop_dispatch(imgact_loop *loop);

/* Waits and dispatches until no started operation is left, or until imgact_loop_wakeup. BUSY from
 * inside a callback. */
IMGACT_API imgact_status imgact_loop_run(imgact_loop *loop);

/* Makes a waiting poll, imgact_loop_run or imgact_op_run return to its caller's loop at once;
 * imgact_op_run goes on by itself. Without a descriptor that takes up to 50 ms while an operation
 * runs, and a poll for an idle loop is not woken. The one call that is allowed from another thread
 * and from a signal handler. */
IMGACT_API void imgact_loop_wakeup(imgact_loop *loop);

/* ---- trace ---- */

/* What a trace event tells of, and which of its members are filled. Open: a later version may add
 * values. */
typedef enum imgact_trace_kind {
  IMGACT_TRACE_REQUEST,  /* about to be sent: method, url, body */
  IMGACT_TRACE_RESPONSE, /* http_status, body, elapsed_ms */
  IMGACT_TRACE_FAILURE,  /* no complete response: message (the cause), elapsed_ms */
  IMGACT_TRACE_RETRY,    /* retried after delay_ms: message (the cause) */
  IMGACT_TRACE_LOOKUP,   /* lookup after a lost response: message */
  IMGACT_TRACE_THROTTLE, /* delayed by the rate limit: message, delay_ms */
  IMGACT_TRACE_MAX_ENUM = 0x7fffffff
} imgact_trace_kind;

/* One event; every string is redacted and lives for the call alone. NULL and -1 = not of this
 * event. */
typedef struct imgact_trace_event {
  size_t size;
  const char *provider;
  const char *method;
  const char *url;
  const char *headers; /* lines "name: value\n", without Authorization */
  const char *body;    /* the text as it was sent or came, at most 4 KiB of it, redacted */
  const char *message;
  int64_t elapsed_ms;
  int64_t delay_ms;
  int32_t http_status;
  int32_t attempt;
  imgact_trace_kind kind;
  uint32_t request_number; /* counts the client's requests; what happens to one carries its number;
                              0 = to all */
  size_t body_bytes;       /* of the whole text: where `body` is shorter, it was cut */
} imgact_trace_event;

/* Called in the middle of an exchange: it must not call the library. */
typedef void (*imgact_trace_fn)(void *user_data, const imgact_trace_event *event);

/* ---- client ---- */

/* Asks the caller for the token, before every request, and again when one that was held back may
 * go. Writes at most `capacity` bytes and sets *length. The buffer is wiped afterwards. Anything
 * but IMGACT_OK ends the operation with that status (BUSY and END, which mean something else here,
 * with INTERNAL). It must not call the library. */
typedef imgact_status (*imgact_token_fn)(void *user_data, char *buffer, size_t capacity,
                                         size_t *length);

/* What a client is made of; 0 and NULL = as usual, but a provider and a token have to be there.
 * Read by the call alone: texts are copied; `provider` and what the user pointers show to must
 * outlive the client. */
typedef struct imgact_client_options {
  size_t size;               /* sizeof(imgact_client_options) */
  const char *provider_name; /* a built-in: "hetzner" or "digitalocean" */
  const struct imgact_provider
      *provider;        /* or a table of your own, which must outlive the client */
  const char *endpoint; /* NULL = the provider's */
  const char
      *token; /* copied, wiped when the client goes; blanks and newlines around it are stripped */
  imgact_token_fn token_callback; /* instead of token */
  void *token_user_data;
  const char *application; /* "name/1.2" for the User-Agent, or NULL */
  imgact_loop *loop; /* NULL = a private one, which the next three are for: refused beside a loop */
  const imgact_allocator *allocator; /* as imgact_loop_options has them */
  struct imgact_transport
      *transport; /* taken over, also when the call fails, but for a wrong size */
  const char *ca_file;
  imgact_trace_fn trace;
  void *trace_user_data;
  int64_t request_timeout_ms; /* one exchange; 0 = 30 s */
  int64_t retry_base_ms;      /* first back-off; 0 = 1 s */
  int64_t poll_interval_ms;   /* constant interval of waits; 0 = adaptive */
  int64_t settle_ms;          /* how long a cloud may take to show what it accepted; 0 = 10 s */
  int32_t max_attempts;       /* sends per request; 0 = 5, of a poll 9 */
  int32_t concurrency;        /* requests in flight; 0 = 8 */
  int32_t rate_limit_reserve_percent; /* of the rate limit, left to other programs with this token:
                                         0 to 90 */
  int32_t reserved;                   /* 0 */
} imgact_client_options;

/* Initial value of imgact_client_options: size set, all else 0 and NULL. */
#define IMGACT_CLIENT_OPTIONS_INIT IMGACT_INIT(imgact_client_options)

/* Makes a client: a provider and its credentials on a loop. *client is NULL on failure.
 * Errors: invalid_argument (provider, endpoint, token), no_memory, internal. */
IMGACT_API imgact_status imgact_client_new(const imgact_client_options *options,
                                           imgact_client **client, imgact_error *error);

/* Gives up the caller's hold. Operations that are alive keep the client until they are freed. Never
 * blocks. NULL is fine. */
IMGACT_API void imgact_client_free(imgact_client *client);

/* 1 if the provider has the operation, else 0: it would end as unsupported. */
IMGACT_API int imgact_client_supports(const imgact_client *client, imgact_op_kind kind);

/* The client's loop (also a private one; not a new hold on it), provider name and endpoint. Live as
 * the client. */
IMGACT_API imgact_loop *imgact_client_loop(imgact_client *client);
IMGACT_API const char *imgact_client_provider_name(const imgact_client *client);
IMGACT_API const char *imgact_client_endpoint(const imgact_client *client);

/* The rate limit as this client's last reply told it. */
IMGACT_API void imgact_client_rate_limit(const imgact_client *client,
                                         imgact_rate_limit *rate_limit);

/* Takes the token out of a copy of the text, as traces do: "[redacted]" stands for it where it is
 * written as it is, and for the whole text where it is in base64, or spelled with escapes of JSON,
 * URLs or HTML. Writes at most capacity bytes with the NUL. Returns the length that the whole
 * result has; without memory 0, and the copy is empty. */
IMGACT_API size_t imgact_client_redact(const imgact_client *client, const char *text, char *buffer,
                                       size_t capacity);

/* ---- providers by name ---- */

/* The built-in provider tables; NULL past the end, or for an unknown name. Static. Any thread. */
IMGACT_API const struct imgact_provider *imgact_provider_at(size_t index);
IMGACT_API const struct imgact_provider *imgact_provider_find(const char *name);

/* ---- configuration ---- */

/*
 * Reads an INI file of profiles (docs/configuration.md). path NULL: IMGACT_CONFIG, else
 * $XDG_CONFIG_HOME/imgact/config.ini, else ~/.config/imgact/config.ini, of which the latter two may
 * be missing: then the configuration is empty. allocator may be NULL. Errors: invalid_argument
 * naming file, line and remedy. Free with imgact_config_free. */
IMGACT_API imgact_status imgact_config_load(const char *path, const imgact_allocator *allocator,
                                            imgact_config **config, imgact_error *error);
IMGACT_API void imgact_config_free(imgact_config *config);

/* The file's path (also where it does not exist); NULL without a home. Lives as the configuration.
 */
IMGACT_API const char *imgact_config_path(const imgact_config *config);
/* 1 if there is a file. */
IMGACT_API int imgact_config_file_exists(const imgact_config *config);
/* Names of the profiles in the file's order, NULL past the end; and the default_profile, or NULL.
 */
IMGACT_API const char *imgact_config_profile_at(const imgact_config *config, size_t index);
IMGACT_API const char *imgact_config_default_profile(const imgact_config *config);
/* A profile's value as written: provider, endpoint, token_env, token_file, token_command. NULL =
 * not set. */
IMGACT_API const char *imgact_config_get(const imgact_config *config, const char *profile,
                                         const char *key);

/* What is laid over a profile, as the tool's flags are. NULL = not given. */
typedef struct imgact_config_overrides {
  size_t size; /* sizeof(imgact_config_overrides) */
  const char *profile;
  const char *provider;
  const char *endpoint;
  const char *token_env;
  const char *token_file;
} imgact_config_overrides;

/* Initial value of imgact_config_overrides: size set, all else 0 and NULL. */
#define IMGACT_CONFIG_OVERRIDES_INIT IMGACT_INIT(imgact_config_overrides)

/* Where a client's settings would come from. Lives as the configuration. */
typedef struct imgact_config_settings {
  const char *profile; /* NULL = none */
  const char *provider;
  const char *endpoint;
  const char *token_source; /* "HCLOUD_TOKEN", a path or a command, by token_kind; never the token;
                               NULL = there is none */
  const char *token_kind;   /* "env", "file", "command"; NULL = there is none */
  const char *reserved[4];
} imgact_config_settings;

/* Resolves flags over environment over profile over default, without reading the token. Errors:
 * invalid_argument. */
IMGACT_API imgact_status imgact_config_resolve(imgact_config *config,
                                               const imgact_config_overrides *overrides,
                                               imgact_config_settings *settings,
                                               imgact_error *error);

/*
 * Makes a client from the configuration. overrides and options may be NULL; options carry
 * everything else (loop, trace, timeouts) and win where they name an endpoint or token; a provider
 * that they name puts the default profile aside, and is refused beside a profile of another one.
 * With a transport that sends nothing (a cassette) no token is needed. Runs a token_command once.
 */
IMGACT_API imgact_status imgact_client_from_config(imgact_config *config,
                                                   const imgact_config_overrides *overrides,
                                                   const imgact_client_options *options,
                                                   imgact_client **client, imgact_error *error);

/* The five-line way: loads the usual file, makes a client from one profile (NULL = as the
 * environment and default_profile say). */
IMGACT_API imgact_status imgact_client_from_profile(const char *profile,
                                                    const imgact_client_options *options,
                                                    imgact_client **client, imgact_error *error);

IMGACT_END_DECLS

#endif
