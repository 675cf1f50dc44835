/*
 * libFuzzer: any bytes as a request, as a result and as what was kept of an identity. What must
 * hold: what is taken can be sent again, and then reads the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "common/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void take_request(const void *bytes, size_t length)
{
    struct request request;
    struct request again;
    struct buffer frame = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (!request_decode(&request, bytes, length, &error))
        return;
    request_encode(&request, &frame);
    require(!buffer_failed(&frame));
    require(request_decode(&again, frame.data + WIRE_HEADER_BYTES, frame.length - WIRE_HEADER_BYTES,
                           &error));
    require(again.lookup_count == request.lookup_count);
    require(again.identity_count == request.identity_count);
    request_free(&again);
    request_free(&request);
    buffer_free(&frame);
}

static void take_result(const void *bytes, size_t length)
{
    struct result result;
    struct result again;
    struct buffer frame = BUFFER_INIT;
    struct error error = ERROR_INIT;

    if (!result_decode(&result, bytes, length, &error))
        return;
    result_encode(&result, &frame);
    require(!buffer_failed(&frame));
    require(result_decode(&again, frame.data + WIRE_HEADER_BYTES, frame.length - WIRE_HEADER_BYTES,
                          &error));
    require(again.learnt_count == result.learnt_count);
    result_free(&again);
    result_free(&result);
    buffer_free(&frame);
}

static void take_keepsake(const void *bytes, size_t length)
{
    struct keepsake keepsake;
    struct wire_reader reader;

    wire_reader_init(&reader, bytes, length);
    if (keepsake_take(&keepsake, &reader))
        require(keepsake.life == 0 || keepsake_is_legal(&keepsake));
    keepsake_free(&keepsake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    take_request(data, size);
    take_result(data, size);
    take_keepsake(data, size);
    return 0;
}
