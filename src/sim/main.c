// SPDX-License-Identifier: MIT
/* imgact-sim: reads flags and files, creates the world, serves until a signal. */
#include "server.h"
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

typedef struct options {
  uint16_t ports[SIM_CLOUDS];
  int64_t seed, images;
  double speed;
  const char *world, *faults, *log;
  const char *address, *cert, *key;
} options;

static const char usage[] = "usage: imgact-sim [--hetzner PORT] [--digitalocean PORT] [--seed N] "
                            "[--images N] [--world FILE] [--faults FILE]\n"
                            "                  [--speed X] [--log FILE] [--bind ADDRESS] "
                            "[--tls-cert FILE --tls-key FILE]\n"
                            "Simulates the image APIs of Hetzner Cloud and DigitalOcean; see "
                            "imgact-sim(1).\n";

static bool number(const char *text, int64_t max, int64_t *out) {
  return sim_parse_id(text, out) && *out <= max;
}

static bool speed(const char *text, double *out) {
  char *end = NULL;
  *out = strtod(text, &end);
  return *text && !*end && *out >= 0 && *out <= 1e9;
}

static bool take_option(options *o, int letter, const char *value) {
  int64_t port = 0;
  switch (letter) {
  case 'h':
  case 'd':
    if (!number(value, UINT16_MAX, &port)) return false;
    o->ports[letter == 'h' ? SIM_HETZNER : SIM_DIGITALOCEAN] = (uint16_t)port;
    return true;

  case 's': return number(value, INT64_MAX, &o->seed);
  case 'i': return number(value, 100000, &o->images);
  case 'x': return speed(value, &o->speed);
  case 'w': o->world = value; return true;
  case 'f': o->faults = value; return true;
  case 'l': o->log = value; return true;
  case 'b': o->address = value; return true;
  case 'c': o->cert = value; return true;
  case 'k': o->key = value; return true;
  default: return false;
  }
}

/* Describes the valid values of a flag, for messages. */
static const char *values_of(int letter) {
  switch (letter) {
  case 's': return "a whole number";
  case 'i': return "0 to 100000";
  case 'x': return "a number from 0 to 1e9";
  default: return "a port, or 0 for a free one";
  }
}

/* Returns 0 to continue; otherwise the exit status plus one. */
static int read_options(int argc, char **argv, options *o) {
  static const struct option flags[] = {
      {"hetzner", required_argument, NULL, 'h'}, {"digitalocean", required_argument, NULL, 'd'},
      {"seed", required_argument, NULL, 's'},    {"images", required_argument, NULL, 'i'},
      {"world", required_argument, NULL, 'w'},   {"faults", required_argument, NULL, 'f'},
      {"speed", required_argument, NULL, 'x'},   {"log", required_argument, NULL, 'l'},
      {"bind", required_argument, NULL, 'b'},    {"tls-cert", required_argument, NULL, 'c'},
      {"tls-key", required_argument, NULL, 'k'}, {"help", no_argument, NULL, '?' + 128},
      {"version", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0}};

  for (int letter, at = 0; (letter = getopt_long(argc, argv, "", flags, &at)) != -1;) {
    if (letter == 'v') {
      printf("imgact-sim %s\n", IMGACT_VERSION_STRING);
      return 1;
    }
    if (letter == '?' + 128) {
      fputs(usage, stdout);
      return 1;
    }
    if (letter == '?') return 3;
    if (take_option(o, letter, optarg)) continue;
    fprintf(stderr, "imgact-sim: invalid value '%s' for --%s; use %s\n", optarg, flags[at].name,
            values_of(letter));
    return 3;
  }
  if (optind == argc) return 0;
  fprintf(stderr, "imgact-sim: unexpected argument '%s'\n%s", argv[optind], usage);

  return 3;
}

/* Returns the contents of a file; NULL after a message on standard error. */
static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  sim_text text = {0};
  char block[65536];
  size_t got = 0;

  while (file && text.length <= SIM_MAX_FILE && (got = fread(block, 1, sizeof block, file)) > 0)
    sim_text_add(&text, block, got);
  bool large = text.length > SIM_MAX_FILE, good = file && !ferror(file) && !large && !text.failed;
  if (!good)
    fprintf(stderr, "imgact-sim: %s: %s\n", path, large ? "larger than 32 MiB" : strerror(errno));
  if (file) fclose(file);
  *length = text.length;
  if (good) return sim_text_take(&text);

  sim_text_free(&text);
  return NULL;
}

static bool load_world(sim_instance *instance, const char *path, int64_t now_ms) {
  char message[300] = "";
  size_t length = 0;
  char *text = path ? read_file(path, &length) : NULL;
  if (!path) return true;
  bool good =
      text && sim_world_load(instance->world, text, length, now_ms, message, sizeof message);
  if (text && !good) fprintf(stderr, "imgact-sim: %s: %s\n", path, message);
  free(text);
  return good;
}

static bool load_faults(sim_instance *instance, const char *path) {
  char message[300] = "";
  size_t length = 0;
  char *text = path ? read_file(path, &length) : NULL;
  if (!path) return true;
  bool good = text && sim_faults_load(&instance->faults, text, length, message, sizeof message);
  if (text && !good) fprintf(stderr, "imgact-sim: %s: %s\n", path, message);
  free(text);
  return good;
}

static bool make_instance(sim_instance *instance, const options *o) {
  struct timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  int64_t now_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
  instance->clock = (sim_clock){now_ms, sim_real_ms(), o->speed};
  instance->faults.random = (uint64_t)o->seed;
  instance->world = sim_world_new((uint64_t)o->seed);
  if (!instance->world || !sim_world_defaults(instance->world) ||
      (o->images && !sim_world_generate(instance->world, (size_t)o->images, now_ms))) {
    fprintf(stderr, "imgact-sim: no memory\n");
    return false;
  }
  return load_world(instance, o->world, now_ms) && load_faults(instance, o->faults);
}

static int stop_signals(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* A soft limit of 1024 is too low for the connections of both clouds. */
static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(sim_instance *instance, const sim_server_options *server_options) {
  char message[200] = "", urls[SIM_CLOUDS][80];
  int stop_fd = stop_signals();
  raise_file_limit();
  sim_server *server = sim_server_new(instance, server_options, message, sizeof message);
  if (!server || stop_fd < 0) {
    fprintf(stderr, "imgact-sim: %s\n", server ? "cannot create a signal descriptor" : message);
    sim_server_free(server);
    return 1;
  }

  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    sim_server_url(server, (sim_cloud)cloud, urls[cloud], sizeof urls[cloud]);
  printf("{\"hetzner\":\"%s/v1\",\"digitalocean\":\"%s\"}\n", urls[SIM_HETZNER],
         urls[SIM_DIGITALOCEAN]);
  fflush(stdout);
  sim_server_run(server, stop_fd);
  sim_server_free(server);
  close(stop_fd);

  return 0;
}

/* Returns false after a message. */
static bool check_server(const options *o) {
  const sim_server_options server = {.address = o->address, .cert = o->cert, .key = o->key};
  char message[200] = "";
  if (sim_server_check(&server, message, sizeof message)) return true;
  fprintf(stderr, "imgact-sim: %s; use --bind, --tls-cert and --tls-key\n", message);
  return false;
}

static int serve(sim_instance *instance, const options *o, FILE *log) {
  size_t length = 0;
  char *cert = o->cert ? read_file(o->cert, &length) : NULL;
  char *key = o->key ? read_file(o->key, &length) : NULL;
  sim_server_options server = {.address = o->address, .cert = cert, .key = key, .log = log};
  memcpy(server.ports, o->ports, sizeof server.ports);
  bool good = (cert || !o->cert) && (key || !o->key);
  int status = good ? run(instance, &server) : 1;

  free(cert);
  free(key);
  return status;
}

int main(int argc, char **argv) {
  options o = {.seed = 1, .images = -1, .speed = 1};
  int ended = read_options(argc, argv, &o);
  if (ended) return ended - 1;
  if (!check_server(&o)) return 2;
  /* With a world file, no images are generated unless --images is given. */
  if (o.images < 0) o.images = o.world ? 0 : 40;
  sim_instance instance = {0};
  FILE *log = o.log ? fopen(o.log, "ae") : NULL;
  if (o.log && !log) fprintf(stderr, "imgact-sim: %s: %s\n", o.log, strerror(errno));
  int status = o.log && !log ? 1 : make_instance(&instance, &o) ? serve(&instance, &o, log) : 1;
  if (log) fclose(log);
  sim_instance_clear(&instance);
  return status;
}
