/*
 * Reading the XML that AWS's query services answer with: elements and text. A document type, CDATA,
 * entities other than the five predefined ones (XML 1.0, 4.6), or nesting beyond what such an
 * answer has, are refused: nobody who answers for AWS sends them.
 */
#ifndef SSMENV_AWS_XML_H
#define SSMENV_AWS_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

#define XML_DEPTH_MAX 8

/* Appends the text of the first element at this path from the root down ("A/B/C"). False when there
 * is none, when it has elements in it, or when the text before its end is not well-formed. */
bool xml_find(const char *text, size_t length, const char *path, struct buffer *value);

#endif
