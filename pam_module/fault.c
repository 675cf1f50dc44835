#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool fault_set(struct fault *fault, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return false;
}

bool fault_add(struct fault *fault, const char *format, ...)
{
    size_t used = strlen(fault->text);
    size_t room = sizeof fault->text - used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(fault->text + used, room, format, arguments);
    va_end(arguments);
    return length >= 0 && (size_t)length < room;
}

const char *fault_reason(int code)
{
    const char *reason = strerrordesc_np(code);

    return reason != NULL ? reason : "unknown error";
}
