/* SPDX-License-Identifier: MIT */
/* An operation that another one starts for a part of its task, such as a list before a request. At
 * most one at a time. It has the options, the deadline and the client of its parent. */
#ifndef IA_CHILD_H
#define IA_CHILD_H

#include "op.h"

/* Creates a child; a list has its pager. Returns NULL if there is no memory. */
imgact_op *ia_child_new(imgact_op *op, const ia_flow *flow, const imgact_call *call);
/* One request for an image by its id. */
imgact_op *ia_child_get_image(imgact_op *op, const char *id);
/* A list of the account's own images, deprecated ones too. */
imgact_op *ia_child_list_own_images(imgact_op *op);
/* Starts a child of the operation; the child before it is freed. done is called when it has ended,
 * never from inside, and may start the next one; the child is valid until then. child: NULL is
 * allowed. Returns false if child is NULL. */
bool ia_child_start(imgact_op *op, imgact_op *child, void (*done)(imgact_op *op, imgact_op *child));
/* Cancels and frees the child, if there is one. */
void ia_child_free(imgact_op *op);
/* Returns the error that the child is retrying after; NULL = none. */
const imgact_error *ia_child_cause(const imgact_op *op);

#endif
