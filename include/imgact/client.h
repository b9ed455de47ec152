/* SPDX-License-Identifier: MIT */
/*
 * Loops, clients and the configuration file.
 *
 * Parameters of all functions, unless a function says otherwise:
 *
 * loop    loop; must not be NULL
 * client  client; must not be NULL
 * config  loaded configuration; must not be NULL
 * error   set on failure; may be NULL
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_CLIENT_H
#define IMGACT_CLIENT_H

#include <imgact/base.h>
#include <imgact/error.h>
#include <imgact/model.h>

IMGACT_BEGIN_DECLS

/* Opaque types: event loop, client (provider, endpoint and token), loaded configuration. */
typedef struct imgact_loop imgact_loop;
typedef struct imgact_client imgact_client;
typedef struct imgact_config imgact_config;
struct imgact_provider;  /* provider.h */
struct imgact_transport; /* transport.h */
struct imgact_op;        /* op.h */

/*
 * The operations of a provider:
 *
 *   ROW(operation, effect, argument, action, name, key)
 *
 * - operation: end of IMGACT_OP_...
 * - effect: READ; or CHANGE, if it changes or makes an image.
 * - argument: NOTHING. FILTER: filters of a list. IMAGE: an image. UPDATE, PROTECT, REGION: an
 *   image and its change. ACTION, ACTIONS: one or several actions. SERVER: a server. CREATE: a
 *   server and the image to make from it. IMPORT: a URL and the image to make from it. HANDOVER:
 *   an image and the account that it moves to. TAGS: images and changes of their tags. TAG: a tag,
 *   and images.
 * - action: end of IMGACT_ACTION_KIND_..., the kind of the action that it starts; OTHER if none.
 * - name: imgact_op_kind_name().
 * - key: its key in the JSON of `imgact provider list`.
 *
 * Later versions append rows. Until 1.0, minor versions may add columns.
 */
/* clang-format off */
#define IMGACT_OPERATIONS(ROW)                                                                     \
  ROW(LIST_IMAGES, READ, FILTER, OTHER, "list_images", "list_images")                              \
  ROW(GET_IMAGE, READ, IMAGE, OTHER, "get_image", "get_image")                                     \
  ROW(UPDATE_IMAGE, CHANGE, UPDATE, OTHER, "update_image", "update_image")                         \
  ROW(DELETE_IMAGE, CHANGE, IMAGE, OTHER, "delete_image", "delete_image")                          \
  ROW(LIST_ACTIONS, READ, FILTER, OTHER, "list_actions", "list_actions")                           \
  ROW(GET_ACTION, READ, ACTION, OTHER, "get_action", "get_action")                                 \
  ROW(CHANGE_PROTECTION, CHANGE, PROTECT, CHANGE_PROTECTION, "change_protection",                  \
      "change_protection")                                                                         \
  ROW(CONVERT, CHANGE, IMAGE, CONVERT, "convert", "convert_image")                                 \
  ROW(TRANSFER, CHANGE, REGION, TRANSFER, "transfer", "transfer_image")                            \
  ROW(WAIT_ACTIONS, READ, ACTIONS, OTHER, "wait_actions", "wait_for_actions")                      \
  ROW(FIND_IMAGE, READ, FILTER, OTHER, "find_image", "find_image")                                 \
  ROW(CREATE_IMAGE, CHANGE, CREATE, CREATE, "create_image", "create_image")                        \
  ROW(IMPORT_IMAGE, CHANGE, IMPORT, OTHER, "import_image", "import_image")                         \
  ROW(LIST_SERVER_ACTIONS, READ, SERVER, OTHER, "list_server_actions", "list_server_actions")      \
  ROW(LIST_SERVER_IMAGES, READ, SERVER, OTHER, "list_server_images", "list_server_images")         \
  ROW(LIST_REGIONS, READ, NOTHING, OTHER, "list_regions", "list_regions")                          \
  ROW(CREATE_HANDOVER, CHANGE, HANDOVER, OTHER, "create_handover", "create_handover")              \
  ROW(ACCEPT_HANDOVER, CHANGE, HANDOVER, OTHER, "accept_handover", "accept_handover")              \
  ROW(DECLINE_HANDOVER, CHANGE, HANDOVER, OTHER, "decline_handover", "decline_handover")           \
  ROW(CANCEL_HANDOVER, CHANGE, HANDOVER, OTHER, "cancel_handover", "cancel_handover")              \
  ROW(CHANGE_TAGS, CHANGE, TAGS, OTHER, "change_tags", "change_tags")                              \
  ROW(CREATE_TAG, CHANGE, TAG, OTHER, "create_tag", "create_tag")                                  \
  ROW(TAG_IMAGES, CHANGE, TAG, OTHER, "tag_images", "tag_images")                                  \
  ROW(UNTAG_IMAGES, CHANGE, TAG, OTHER, "untag_images", "untag_images")
/* clang-format on */

#define IMGACT_OPERATION_ROW(operation, effect, argument, action, name, key) IMGACT_OP_##operation,

/* Operations of a provider: IMGACT_OP_... for each row of IMGACT_OPERATIONS. */
typedef enum imgact_op_kind {
  IMGACT_OPERATIONS(IMGACT_OPERATION_ROW) /* from 0 */
  IMGACT_OP_COUNT,
  IMGACT_OP_MAX_ENUM = 0x7fffffff
} imgact_op_kind;
#undef IMGACT_OPERATION_ROW

/*
 * Returns the name of an operation, for example "list_images".
 *
 * kind  any value
 *
 * Returns NULL for an unknown value. The text is static. May be called from any thread.
 */
IMGACT_API const char *imgact_op_kind_name(imgact_op_kind kind);

/*
 * Returns the operation with that name: the inverse of imgact_op_kind_name().
 *
 * name  such as "list_images", case-sensitive; may be NULL
 *
 * Returns IMGACT_OP_COUNT for any other name. May be called from any thread.
 */
IMGACT_API imgact_op_kind imgact_op_kind_from_name(const char *name);

/* ---- loop ---- */

/* Options for imgact_loop_new(). 0 and NULL select the default. Strings are copied. */
typedef struct imgact_loop_options {
  size_t size;                       /* sizeof(imgact_loop_options) */
  const imgact_allocator *allocator; /* copied; NULL = malloc() */
  /* NULL = libcurl. The loop takes ownership, also if the function fails, but not if the size of
   * these options is invalid. */
  struct imgact_transport *transport;
  const char *ca_file; /* PEM file with additional trusted CA certificates; NULL = none. Not allowed
                          together with transport */
} imgact_loop_options;

/* Initial value of imgact_loop_options: size set, all else 0 and NULL. */
#define IMGACT_LOOP_OPTIONS_INIT IMGACT_INIT(imgact_loop_options)

/*
 * Creates a loop, which owns connections, timers and a clock.
 *
 * options  may be NULL: all defaults
 * loop     receives the loop, NULL on failure; free it with imgact_loop_free()
 *
 * Errors: IMGACT_INVALID_ARGUMENT (size, allocator, transport or CA file), IMGACT_NOMEM,
 * IMGACT_INTERNAL.
 */
IMGACT_API imgact_status imgact_loop_new(const imgact_loop_options *options, imgact_loop **loop,
                                         imgact_error *error);

/*
 * Releases the caller's reference to the loop.
 *
 * loop  NULL is allowed and does nothing
 *
 * The loop is destroyed after this call and after its last client has been destroyed. Never blocks.
 */
IMGACT_API void imgact_loop_free(imgact_loop *loop);

/*
 * Return what an event loop has to wait for: the descriptor to poll for reading, and the time in
 * milliseconds until imgact_loop_dispatch() must be called (-1 = no limit).
 *
 * Read the timeout again after every call on the loop, its clients and its operations: each may
 * change it. The descriptor stays the same while the loop exists. It is -1 if the transport or the
 * system has none. The timeout is then at most 50 ms while an operation runs.
 */
IMGACT_API int imgact_loop_fd(imgact_loop *loop);
IMGACT_API int imgact_loop_timeout_ms(imgact_loop *loop);

/*
 * Does all work that is due: sends, receives, runs timers, calls callbacks. Never blocks.
 *
 * Returns IMGACT_OK, or IMGACT_BUSY from inside a callback.
 */
IMGACT_API imgact_status imgact_loop_dispatch(imgact_loop *loop);

/*
 * Waits and dispatches until no started operation is left, or until imgact_loop_wakeup() is called.
 *
 * Returns IMGACT_OK, or IMGACT_BUSY from inside a callback.
 */
IMGACT_API imgact_status imgact_loop_run(imgact_loop *loop);

/*
 * Wakes the loop: a poll() on its descriptor and imgact_loop_run() return, the next ones if none is
 * waiting. imgact_op_run() continues until its operation ends.
 *
 * If imgact_loop_fd() is -1, a wakeup takes effect within 50 ms while an operation runs. May be
 * called from any thread and from signal handlers; no other function of a loop may.
 */
IMGACT_API void imgact_loop_wakeup(imgact_loop *loop);

/* ---- trace ---- */

/* Kind of a trace event, with the members that are set in addition to kind, provider and, if the
 * event is about one request, request_number and attempt. body_bytes is set together with body.
 * Later versions may add values. */
typedef enum imgact_trace_kind {
  IMGACT_TRACE_REQUEST,  /* about to be sent: method, url, headers, body */
  IMGACT_TRACE_RESPONSE, /* http_status, headers, body, elapsed_ms */
  IMGACT_TRACE_FAILURE,  /* no complete response: message (the cause), elapsed_ms */
  IMGACT_TRACE_RETRY,    /* retried after delay_ms: message (the cause) */
  IMGACT_TRACE_LOOKUP,   /* search for the effect of a mutation whose response was lost: message */
  IMGACT_TRACE_THROTTLE, /* delayed by the rate limit: message, delay_ms */
  IMGACT_TRACE_MAX_ENUM = 0x7fffffff
} imgact_trace_kind;

/* One trace event. Members that its kind does not set are NULL or 0; times that are not set are -1.
 * Strings are redacted and valid until the callback returns. */
typedef struct imgact_trace_event {
  size_t size;
  const char *provider;
  const char *method;
  const char *url;
  const char *headers; /* lines "name: value\n", without Authorization and Set-Cookie */
  const char *body;    /* text as sent or received; at most 4 KiB of it */
  const char *message;
  int64_t elapsed_ms; /* since the request was sent */
  int64_t delay_ms;
  int32_t http_status;
  int32_t attempt; /* 1 = first send of the request */
  imgact_trace_kind kind;
  uint32_t request_number; /* number of the request within the client; 0 = not about one request */
  size_t body_bytes;       /* length of the whole text; larger than that of body if body was cut */
  struct imgact_op *op; /* operation of the event; NULL = none, or several: a poll for the actions
                           of several operations, and IMGACT_TRACE_THROTTLE */
  void *op_user_data;   /* imgact_op_user_data() of op */
} imgact_trace_event;

/*
 * Called for each request, response, retry, lookup and delay of a client.
 *
 * user_data  trace_user_data of the options
 * event      valid until the callback returns
 *
 * Must not call the library, except for functions that return the arguments and user data of
 * event->op, such as imgact_op_get_kind() and imgact_op_image_id().
 */
typedef void (*imgact_trace_fn)(void *user_data, const imgact_trace_event *event);

/* ---- client ---- */

/*
 * Provides the token. Called before every request, and again before a request that the rate limit
 * has delayed.
 *
 * user_data  token_user_data of the options
 * buffer     receives the token; wiped after use
 * capacity   size of buffer in bytes
 * length     receives the length of the token in bytes
 *
 * If there is no token or the buffer is too small, return a status such as IMGACT_UNAUTHORIZED.
 *
 * Returns IMGACT_OK. Any other status ends the operation with that status; IMGACT_BUSY and
 * IMGACT_END end it with IMGACT_INTERNAL. Must not call the library.
 */
typedef imgact_status (*imgact_token_fn)(void *user_data, char *buffer, size_t capacity,
                                         size_t *length);

/* Options for imgact_client_new(). A provider (provider_name or provider) and a token
 * (token or token_callback) are required; an offline transport (the replayer) needs no token. 0 and
 * NULL select the default of the other members. Strings are copied; the provider table and user
 * data are borrowed. */
typedef struct imgact_client_options {
  size_t size;                            /* sizeof(imgact_client_options) */
  const char *provider_name;              /* built-in provider: "hetzner" or "digitalocean" */
  const struct imgact_provider *provider; /* or a provider of the program (provider.h); borrowed */
  const char *endpoint;                   /* base URL of the API; NULL = that of the provider */
  const char *token; /* API token; copied, wiped with the client. Whitespace around it is removed */
  imgact_token_fn token_callback; /* returns the token; set instead of token */
  void *token_user_data;
  const char *application; /* prefix of the User-Agent, "name/1.2"; NULL = none */
  imgact_loop *loop;       /* shared loop; NULL = a private one. The next three members are for the
                              private loop and not allowed together with a shared one */
  const imgact_allocator *allocator; /* copied; NULL = malloc() */
  /* NULL = libcurl. The function that receives these options takes ownership, also if it fails, but
   * not if the size of these options is invalid. */
  struct imgact_transport *transport;
  const char *ca_file; /* PEM file with additional trusted CA certificates */
  imgact_trace_fn trace;
  void *trace_user_data;
  int64_t request_timeout_ms; /* limit for one request and its response; 0 = 30 s */
  int64_t retry_base_ms;      /* delay before the first retry; 0 = 1 s */
  int64_t poll_interval_ms;   /* constant interval of polls; 0 = grows with the action's age */
  int64_t settle_ms;          /* settle time: how long the API may take to list an action that it
                                 has accepted; 0 = 10 s */
  int32_t max_attempts;       /* maximum sends per request; 0 = 5, for polls 9 */
  int32_t concurrency;        /* maximum requests in flight; 0 = 8 */
  int32_t rate_limit_reserve_percent; /* part of the rate limit that the client leaves to other
                                         programs with this token, 0 to 90 % */
  int32_t trace_without_texts; /* not 0 = trace events have no url, headers and body: they are not
                                  copied and redacted, which takes time */
  const char *profile;         /* member profile of images, actions and errors; NULL = none.
                                  imgact_client_from_config() sets it to the name of the profile */
} imgact_client_options;

/* Initial value of imgact_client_options: size set, all else 0 and NULL. */
#define IMGACT_CLIENT_OPTIONS_INIT IMGACT_INIT(imgact_client_options)

/*
 * Creates a client: a provider, an endpoint and a token on a loop.
 *
 * options  must not be NULL
 * client   receives the client, NULL on failure; free it with imgact_client_free()
 *
 * Errors: IMGACT_INVALID_ARGUMENT (the message names the option), IMGACT_NOMEM, IMGACT_INTERNAL.
 */
IMGACT_API imgact_status imgact_client_new(const imgact_client_options *options,
                                           imgact_client **client, imgact_error *error);

/*
 * Releases the caller's reference to the client.
 *
 * client  NULL is allowed and does nothing
 *
 * The client is destroyed after this call and after its last operation has been freed. Never
 * blocks.
 */
IMGACT_API void imgact_client_free(imgact_client *client);

/*
 * Returns 1 if the provider supports an operation, otherwise 0.
 *
 * client  may be NULL: nothing is supported
 * kind    any value
 *
 * An operation that is not supported fails with IMGACT_UNSUPPORTED and sends nothing.
 */
IMGACT_API int imgact_client_supports(const imgact_client *client, imgact_op_kind kind);

/*
 * Returns the loop of a client, also a private one.
 *
 * The caller gets no reference: the loop is valid as long as the client.
 */
IMGACT_API imgact_loop *imgact_client_loop(imgact_client *client);

/*
 * Return the name of the client's provider, and its endpoint without a slash at the end.
 *
 * The texts are valid as long as the client.
 */
IMGACT_API const char *imgact_client_provider_name(const imgact_client *client);
IMGACT_API const char *imgact_client_endpoint(const imgact_client *client);

/*
 * Returns the name of the profile that the client was created from, or the member profile of its
 * options; NULL if there is none.
 *
 * The text is valid as long as the client.
 */
IMGACT_API const char *imgact_client_profile_name(const imgact_client *client);

/* Counters of a client since it was created. */
typedef struct imgact_client_counters {
  size_t size; /* sizeof(imgact_client_counters) */
  /* Requests sent, each attempt counted: */
  uint64_t reads;     /* of lists, images and actions */
  uint64_t polls;     /* of running actions */
  uint64_t mutations; /* that change something */
  uint64_t lookups;   /* that look for the effect of a mutation whose response was lost */
  /* How these requests ended; the remaining ones are in flight or were cancelled: */
  uint64_t responses_2xx;
  uint64_t responses_3xx;
  uint64_t responses_4xx;
  uint64_t responses_5xx;
  uint64_t failures; /* no complete response */

  uint64_t retries;   /* requests that were sent again, or wait for it */
  uint64_t adopted;   /* mutations whose response was lost, and whose effect a lookup found */
  uint64_t ambiguous; /* operations that failed with IMGACT_AMBIGUOUS */
  int64_t delayed_ms; /* time in which requests waited for the rate limit; at the same time others
                         may have been sent, for example to another rate limit of the API */
} imgact_client_counters;

/* Initial value of imgact_client_counters: size set, all else 0. */
#define IMGACT_CLIENT_COUNTERS_INIT IMGACT_INIT(imgact_client_counters)

/*
 * Reads the counters of a client.
 *
 * counters  receives the values; its member size must be set. Must not be NULL
 *
 * Counters that this version of the library does not have are set to 0. As all functions of a
 * client it belongs to the thread of the loop: a thread that serves the counters must get a copy
 * from that thread (examples/metrics.c serves them from the loop itself).
 */
IMGACT_API void imgact_client_get_counters(const imgact_client *client,
                                           imgact_client_counters *counters);

/*
 * Reads the rate limit that the last response to this client reported.
 *
 * rate_limit  receives the values; must not be NULL
 */
IMGACT_API void imgact_client_rate_limit(const imgact_client *client,
                                         imgact_rate_limit *rate_limit);

/*
 * Copies a text and replaces the token in it with "[redacted]", as traces do. With a
 * token_callback, this is the token that it returned last.
 *
 * text      must not be NULL
 * buffer    receives the copy, cut to its capacity and NUL-terminated; may be NULL if capacity is 0
 * capacity  size of buffer in bytes
 *
 * If the token appears in base64, or escaped as in JSON, URLs or HTML, the whole text is replaced.
 *
 * Returns the length of the complete result in bytes, without the NUL byte; 0 with an empty copy if
 * memory runs out.
 */
IMGACT_API size_t imgact_client_redact(const imgact_client *client, const char *text, char *buffer,
                                       size_t capacity);

/* ---- providers by name ---- */

/*
 * Return a built-in provider by index or by name.
 *
 * index  counts from 0
 * name   "hetzner" or "digitalocean"; may be NULL
 *
 * Returns NULL past the end and for an unknown name. The tables are static. May be called from any
 * thread.
 */
IMGACT_API const struct imgact_provider *imgact_provider_at(size_t index);
IMGACT_API const struct imgact_provider *imgact_provider_find(const char *name);

/* ---- configuration ---- */

/*
 * Reads the configuration file (docs/configuration.md).
 *
 * path       NULL = $IMGACT_CONFIG, else $XDG_CONFIG_HOME/imgact/config.ini, else
 *            ~/.config/imgact/config.ini
 * allocator  copied; NULL = malloc()
 * config     receives the configuration, NULL on failure; free it with imgact_config_free()
 *
 * If neither path nor $IMGACT_CONFIG names the file, it may be missing: the configuration is then
 * empty.
 *
 * Errors: IMGACT_INVALID_ARGUMENT (the message names file, line and remedy), IMGACT_NOMEM.
 */
IMGACT_API imgact_status imgact_config_load(const char *path, const imgact_allocator *allocator,
                                            imgact_config **config, imgact_error *error);

/*
 * Frees a configuration and all texts that it returned. Clients created from it stay valid.
 *
 * config  NULL is allowed and does nothing
 */
IMGACT_API void imgact_config_free(imgact_config *config);

/*
 * Returns the path of the configuration file, also if the file does not exist.
 *
 * Returns NULL if no path was given and neither HOME nor XDG_CONFIG_HOME is set. The text is valid
 * as long as the configuration.
 */
IMGACT_API const char *imgact_config_path(const imgact_config *config);

/* Returns 1 if the configuration file exists, otherwise 0. */
IMGACT_API int imgact_config_file_exists(const imgact_config *config);

/*
 * Returns the name of a profile, in the order of the file.
 *
 * index  counts from 0
 *
 * Returns NULL past the end. The text is valid as long as the configuration.
 */
IMGACT_API const char *imgact_config_profile_at(const imgact_config *config, size_t index);

/*
 * Returns the name of the default profile, NULL if the file sets none.
 *
 * The text is valid as long as the configuration.
 */
IMGACT_API const char *imgact_config_default_profile(const imgact_config *config);

/*
 * Returns a value of a profile as it is written in the file.
 *
 * profile  name of the profile; must not be NULL
 * key      provider, endpoint, token_env, token_file or token_command; must not be NULL
 *
 * Returns NULL if the profile is unknown or does not set the key. The text is valid as long as the
 * configuration.
 */
IMGACT_API const char *imgact_config_get(const imgact_config *config, const char *profile,
                                         const char *key);

/* Settings that take precedence over environment and profile, like the flags of the command-line
 * tool. NULL = not set. token_env and token_file are mutually exclusive. */
typedef struct imgact_config_overrides {
  size_t size; /* sizeof(imgact_config_overrides) */
  const char *profile;
  const char *provider;
  const char *endpoint;
  const char *token_env;  /* name of an environment variable */
  const char *token_file; /* path */
} imgact_config_overrides;

/* Initial value of imgact_config_overrides: size set, all else 0 and NULL. */
#define IMGACT_CONFIG_OVERRIDES_INIT IMGACT_INIT(imgact_config_overrides)

/* Settings of a client, after all sources have been combined. The texts are valid as long as the
 * configuration. */
typedef struct imgact_config_settings {
  const char *profile; /* NULL = none */
  const char *provider;
  const char *endpoint;
  const char *token_source; /* variable, path or command, by token_kind; never the token itself;
                               NULL = none */
  const char *token_kind;   /* "env", "file" or "command"; NULL = none */
  const char *reserved[4];
} imgact_config_settings;

/*
 * Combines overrides, environment, profile and defaults, in this order of precedence.
 *
 * overrides  may be NULL
 * settings   receives the result, all NULL on failure; must not be NULL
 *
 * The token is not read.
 *
 * Errors: IMGACT_INVALID_ARGUMENT, IMGACT_NOMEM.
 */
IMGACT_API imgact_status imgact_config_resolve(imgact_config *config,
                                               const imgact_config_overrides *overrides,
                                               imgact_config_settings *settings,
                                               imgact_error *error);

/*
 * Creates a client from the configuration.
 *
 * overrides  may be NULL
 * options    may be NULL: all defaults
 * client     receives the client, NULL on failure; free it with imgact_client_free()
 *
 * Members of options take precedence over overrides and the configuration. If options has a
 * provider, default_profile is ignored, and a profile that overrides or the environment select must
 * be for the same provider. With an offline transport (the replayer) no token is needed.
 *
 * Blocks while a token_command runs. The command runs once for each client.
 *
 * Errors: as imgact_client_new(); also IMGACT_INVALID_ARGUMENT for settings that contradict each
 * other and for a token that cannot be read.
 */
IMGACT_API imgact_status imgact_client_from_config(imgact_config *config,
                                                   const imgact_config_overrides *overrides,
                                                   const imgact_client_options *options,
                                                   imgact_client **client, imgact_error *error);

/*
 * Loads the configuration file and creates a client from one profile.
 *
 * profile  name of the profile; NULL = as the environment and default_profile select
 * options  may be NULL; as for imgact_client_from_config()
 * client   receives the client, NULL on failure; free it with imgact_client_free()
 *
 * Blocks while a token_command runs.
 *
 * Errors: as imgact_config_load() and imgact_client_from_config().
 */
IMGACT_API imgact_status imgact_client_from_profile(const char *profile,
                                                    const imgact_client_options *options,
                                                    imgact_client **client, imgact_error *error);

IMGACT_END_DECLS

#endif
