/* SPDX-License-Identifier: MIT */
/* imgact: one API for machine images and their actions on several clouds. The users' tier in one
 * include. */
#ifndef IMGACT_IMGACT_H
#define IMGACT_IMGACT_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>
#include <imgact/model.h>
#include <imgact/op.h>

#endif
