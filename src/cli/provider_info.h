/* SPDX-License-Identifier: MIT */
/* Texts about the built-in providers, from their tables: no other file of the tool names one. */
#ifndef IMGACT_CLI_PROVIDER_INFO_H
#define IMGACT_CLI_PROVIDER_INFO_H

#include <imgact/provider.h>

#include "cli_text.h"
#include "flags.h"

/* The name for help texts and messages. */
const char *cli_provider_title(const imgact_provider *provider);
/* The names, "a|b", in the form of the values of a flag. */
const char *cli_provider_choices(void);
/* NULL if the provider does not support the operation. */
const imgact_slot *cli_provider_slot(const imgact_provider *provider, imgact_op_kind kind);
/* Adds text. If only some providers support what is needed, adds their names. */
void cli_add_summary(cli_buffer *buffer, const char *text, const cli_support *support);

#endif
