// SPDX-License-Identifier: MIT
/* The table of commands, for the parser, the help and the completions; lookup by name. */
#include "cli.h"

#include <string.h>

#include "config_schema.h"
#include "handover.h"
#include "output.h"

static imgact_op *make_delete(cli_app *app, const char *id, const char *region) {
  (void)region;
  return imgact_delete_image(app->session.client, id);
}

static imgact_op *make_convert(cli_app *app, const char *id, const char *region) {
  (void)region;
  return imgact_convert_image(app->session.client, id);
}

static imgact_op *make_transfer(cli_app *app, const char *id, const char *region) {
  return imgact_transfer_image(app->session.client, id, region);
}

static imgact_op *make_protect(cli_app *app, const char *id, const char *region) {
  (void)region;
  return imgact_protect_image(app->session.client, id);
}

static imgact_op *make_unprotect(cli_app *app, const char *id, const char *region) {
  (void)region;
  return imgact_unprotect_image(app->session.client, id);
}

static imgact_op *make_region_list(cli_app *app, const char *id, const char *region) {
  (void)id, (void)region;
  return imgact_list_regions(app->session.client);
}

const cli_command cli_commands[] = {
    {.noun = "image",
     .verb = "list",
     .schema = &cli_image_schema,
     .run = cli_show_list,
     .make = cli_make_image_list,
     .needs_client = true,
     .summary = "list images",
     .about = "If a filter is given several times, one of its values must match. Different filters "
              "must all match.\n"
              "A filter that the provider does not support is an error.\n"
              "Without --page and --limit, the list is complete or the command fails.\n"
              "AGE is a duration, such as 36h, 30d or 2w, or a time as in RFC 3339.",
     .examples = "imgact image list --type snapshot --sort created_at:desc\n"
                 "imgact image list --mine --older-than 30d --match 'nightly-*'\n"
                 "imgact -p staging-do image list --tag web -o json\n"
                 "imgact image list --label-selector env=prod --columns id,description,labels"},
    {.noun = "image",
     .verb = "find",
     .schema = &cli_image_schema,
     .run = cli_show_item,
     .make = cli_make_image_find,
     .needs_client = true,
     .summary = "show the one image that matches",
     .about =
         "Takes the filters of image list. Without --newest and --oldest exactly one image must "
         "match: if none does, the exit status is 4; if several do, it is 5, and the error "
         "names up to 10 of them.",
     .examples = "imgact image find --mine --match 'nightly-*' --newest\n"
                 "imgact -p prod image find --label-selector role=base --newest -o json"},
    {.noun = "image",
     .verb = "get",
     .arguments = "REF",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = 1,
     .schema = &cli_image_schema,
     .run = cli_image_get,
     .needs_client = true,
     .summary = "show one image",
     .about =
         "REF is an id, a slug or the name of a public image if the provider has them, or else "
         "the name or description of an own image (see imgact(1)). If several images have the "
         "name, select one with --arch.",
     .examples = "imgact image get 4711 -o json\n"
                 "imgact image get debian-12 --arch arm"},
    {.noun = "image",
     .verb = "wait",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_image_schema,
     .run = cli_wait,
     .make = cli_make_image_wait,
     .needs_client = true,
     .summary = "wait until images are available, or deleted",
     .about = "Prints the images as they were seen last. If an image that is to become available "
              "is deleted or has an error message, the exit status is 7. An image that is not "
              "found is deleted. The wait has no time limit unless --deadline is given.",
     .examples = "imgact image wait 4711 --deadline 30m\n"
                 "imgact image wait 4711 4712 --status deleted"},
    {.noun = "image",
     .verb = "update",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_image_schema,
     .batch_schema = &cli_outcome_schema,
     .run = cli_image_update,
     .make = cli_make_image_update,
     .kind = IMGACT_OP_UPDATE_IMAGE,
     .needs_client = true,
     .changes = true,
     .summary = "change properties of images",
     .about =
         "Changes only what is given. A change that the provider does not support is an error. "
         "--label and --remove-label first read the current labels. Prints the image; of several "
         "images, their outcomes.",
     .examples = "imgact image update 4711 --description 'before the upgrade'\n"
                 "imgact image update 4711 4712 --label env=prod --remove-label tier"},
    {.noun = "image",
     .verb = "create",
     .schema = &cli_outcome_schema,
     .run = cli_image_create,
     .needs_client = true,
     .changes = true,
     .summary = "create an image from a server, or import it from a URL",
     .about = "A lost response is looked up; an image is never created twice. With --wait, the "
              "command ends when the image is available.\n"
              "Two programs that use --ensure-unique at the same time can both create the image.",
     .examples = "imgact image create --server 42 --name nightly --wait\n"
                 "imgact image create --url https://example.com/a.raw --name a --region nyc3"},
    {.noun = "image",
     .verb = "delete",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_outcome_schema,
     .run = cli_change_images,
     .make = make_delete,
     .needs_client = true,
     .changes = true,
     .asks = true,
     .summary = "delete images",
     .about =
         "Asks for confirmation if stdin and stderr are both terminals and --yes is not given. "
         "Otherwise deletes without asking. With - as the only REF, the images are read from "
         "stdin.",
     .examples = "imgact image delete 4711 4712 --yes --ignore-missing\n"
                 "imgact image delete 'before the upgrade'"},
    {.noun = "image",
     .verb = "convert",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_outcome_schema,
     .run = cli_change_images,
     .make = make_convert,
     .kind = IMGACT_OP_CONVERT,
     .needs_client = true,
     .changes = true,
     .summary = "convert backups to snapshots",
     .examples = "imgact image convert 4712 --wait"},
    {.noun = "image",
     .verb = "transfer",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_region_outcome_schema,
     .run = cli_change_images,
     .make = make_transfer,
     .kind = IMGACT_OP_TRANSFER,
     .needs_client = true,
     .changes = true,
     .summary = "copy images to regions",
     .examples = "imgact image transfer 7938269 --region nyc3 --region ams3 --wait\n"
                 "imgact image transfer 7938269 --region nyc3 -o csv --columns region,action.id"},
    {.noun = "image",
     .verb = "protect",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_outcome_schema,
     .run = cli_change_images,
     .make = make_protect,
     .kind = IMGACT_OP_CHANGE_PROTECTION,
     .needs_client = true,
     .changes = true,
     .summary = "protect images against deletion",
     .examples = "imgact image protect 4711 --wait"},
    {.noun = "image",
     .verb = "unprotect",
     .arguments = "REF...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_outcome_schema,
     .run = cli_change_images,
     .make = make_unprotect,
     .kind = IMGACT_OP_CHANGE_PROTECTION,
     .needs_client = true,
     .changes = true,
     .summary = "remove delete protection",
     .examples = "imgact image unprotect 4711 --wait"},
    {.noun = "image",
     .verb = "handover",
     .arguments = "STEP REF",
     .choices = CLI_HANDOVER_STEPS,
     .min_arguments = 2,
     .max_arguments = 2,
     .schema = &cli_handover_schema,
     .run = cli_image_handover,
     .kind = IMGACT_OP_CREATE_HANDOVER,
     .needs_client = true,
     .changes = true,
     .summary = "offer an image to another account",
     .about =
         "STEP is create, accept, decline or cancel; accept and decline need an id as REF. "
         "The owner of a snapshot creates an offer, and can cancel it. The recipient accepts or "
         "declines it with the id of the image and of the offer (--transfer). Only create "
         "prints this id: no list shows it, so pass it on and keep it.",
     .examples = "imgact image handover create 7938269 --email alice@example.com\n"
                 "imgact image handover accept 7938269 --transfer 3164444 --team \"$team\""},
    {.noun = "action",
     .verb = "list",
     .schema = &cli_action_schema,
     .run = cli_show_list,
     .make = cli_make_action_list,
     .needs_client = true,
     .summary = "list actions on images",
     .examples = "imgact action list --image 4711\n"
                 "imgact action list --status running --sort started:desc"},
    {.noun = "action",
     .verb = "get",
     .arguments = "ACTION_ID",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = 1,
     .schema = &cli_action_schema,
     .run = cli_show_item,
     .make = cli_make_action_get,
     .needs_client = true,
     .summary = "show one action",
     .about = "With --image, the action must belong to that image.",
     .examples = "imgact action get 13\n"
                 "imgact action get 36805527 --image 7938269"},
    {.noun = "action",
     .verb = "wait",
     .arguments = "ACTION_ID...",
     .reads_stdin = true,
     .min_arguments = 1,
     .max_arguments = CLI_UNLIMITED,
     .schema = &cli_action_schema,
     .run = cli_wait,
     .make = cli_make_action_wait,
     .needs_client = true,
     .summary = "wait until actions have finished",
     .about = "Prints all actions, also failed ones. If an action has failed, the exit status is "
              "7. The wait has no time limit "
              "unless --deadline is given.",
     .examples = "imgact action wait 13 14 --deadline 30m\n"
                 "imgact -p staging-do action wait 36805527 --image 7938269"},
    {.noun = "region",
     .verb = "list",
     .schema = &cli_region_schema,
     .run = cli_show_list,
     .make = make_region_list,
     .kind = IMGACT_OP_LIST_REGIONS,
     .needs_client = true,
     .summary = "list regions",
     .about = "IMAGE_TRANSFER: images can be transferred to the region. AVAILABLE is about new "
              "servers.",
     .examples = "imgact region list --columns slug,name"},
    {.noun = "provider",
     .verb = "list",
     .schema = &cli_provider_schema,
     .run = cli_provider_list,
     .summary = "list providers and their operations",
     .examples = "imgact provider list"},
    {.noun = "ratelimit",
     .schema = &cli_rate_schema,
     .run = cli_ratelimit,
     .needs_client = true,
     .summary = "show the rate limit of the token",
     .about = "Sends one request for one image and shows the rate limit that the response reports.",
     .examples = "imgact ratelimit -o json"},
    {.noun = "config",
     .verb = "list",
     .schema = &cli_profile_schema,
     .run = cli_config_list,
     .summary = "list the profiles of the configuration file",
     .examples = "imgact config list"},
    {.noun = "config",
     .verb = "path",
     .schema = &cli_path_schema,
     .run = cli_config_path,
     .summary = "print the path of the configuration file",
     .examples = "imgact config path"},
    {.noun = "config",
     .verb = "show",
     .schema = &cli_settings_schema,
     .run = cli_config_show,
     .summary = "show the settings in effect",
     .examples = "imgact -p staging-do config show"},
    {.noun = "config",
     .verb = "check",
     .schema = &cli_settings_schema,
     .run = cli_config_check,
     .summary = "check the configuration file, and read the token",
     .about =
         "Sends no request, so it cannot tell whether the API accepts the token. config show does "
         "not read the token.",
     .examples = "imgact config check"},
    {.noun = "completion",
     .arguments = "bash|zsh|fish",
     .choices = "bash|zsh|fish",
     .min_arguments = 1,
     .max_arguments = 1,
     .run = cli_completion,
     .summary = "print a shell completion script",
     .examples = "source <(imgact completion bash)\n"
                 "imgact completion zsh > \"${fpath[1]}/_imgact\"\n"
                 "imgact completion fish > ~/.config/fish/completions/imgact.fish"},
    {.noun = "version",
     .schema = &cli_version_schema,
     .run = cli_version,
     .summary = "print the version",
     .examples = "imgact version"},
};
const size_t cli_commands_count = sizeof cli_commands / sizeof cli_commands[0];

static const cli_command *find(const char *noun, const char *verb) {
  for (size_t i = 0; i < cli_commands_count; i++) {
    const cli_command *it = &cli_commands[i];
    if (!strcmp(it->noun, noun) && (!it->verb || (verb && !strcmp(it->verb, verb)))) return it;
  }
  return NULL;
}

/* Names that other tools use for these commands and that are not spelled like ours. */
static const char *other_name(const char *noun, const char *word) {
  static const char *const names[][2] = {
      {"describe", "get"}, {"show", "get"},        {"info", "get"},      {"view", "get"},
      {"ls", "list"},      {"rm", "delete"},       {"remove", "delete"}, {"destroy", "delete"},
      {"edit", "update"},  {"snapshot", "create"}, {"import", "create"}, {"copy", "transfer"},
      {"watch", "wait"},   {"validate", "check"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (!strcmp(names[i][0], word) && find(noun, names[i][1])) return names[i][1];
  return NULL;
}

/* Returns the noun (or, with a noun, its verb) that is closest to word; NULL if none is close. */
static const char *nearest(const char *noun, const char *word) {
  const char *meant = noun ? other_name(noun, word) : NULL;
  if (meant) return meant;

  size_t best = SIZE_MAX;
  for (size_t i = 0; i < cli_commands_count; i++) {
    const cli_command *it = &cli_commands[i];
    if (noun && strcmp(it->noun, noun)) continue;
    const char *candidate = noun ? it->verb : it->noun;
    size_t distance = cli_edit_distance(word, candidate);
    if (distance >= best) continue;
    best = distance;
    meant = candidate;
  }

  return meant;
}

static void list_verbs(const char *noun, char *text, size_t capacity) {
  size_t length = 0;

  text[0] = '\0';
  for (size_t i = 0; i < cli_commands_count; i++) {
    if (strcmp(cli_commands[i].noun, noun)) continue;
    int more = snprintf(text + length, capacity - length, "%s%s", length ? ", " : "",
                        cli_commands[i].verb);
    if (more < 0 || (size_t)more >= capacity - length) return;
    length += (size_t)more;
  }
}

static void report_unknown(const char *noun, const char *word, imgact_error *error) {
  const char *meant = nearest(noun, word), *of = noun ? noun : "", *space = noun ? " " : "";

  if (meant)
    imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                     "unknown command '%s%s%s'; did you mean '%s%s%s'?", of, space, word, of, space,
                     meant);
  else
    imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                     "unknown command '%s%s%s'; see `imgact --help`", of, space, word);
}

bool cli_is_noun(const char *word) {
  for (size_t i = 0; i < cli_commands_count; i++)
    if (!strcmp(cli_commands[i].noun, word)) return true;
  return false;
}

const cli_command *cli_command_find(const char *const *words, size_t count, size_t *used,
                                    imgact_error *error) {
  if (!count) {
    imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "missing command; see `imgact --help`");
    return NULL;
  }

  const cli_command *command = find(words[0], count > 1 ? words[1] : NULL);
  if (command) {
    *used = command->verb ? 2 : 1;
    return command;
  }

  bool is_noun = cli_is_noun(words[0]);
  if (is_noun && count == 1) {
    char verbs[128];
    list_verbs(words[0], verbs, sizeof verbs);
    imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                     "missing subcommand of `imgact %s`; choose one of: %s", words[0], verbs);
  } else
    report_unknown(is_noun ? words[0] : NULL, words[is_noun], error);
  return NULL;
}
