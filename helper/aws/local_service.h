/*
 * Asking a service that lies beside this machine: the metadata service, the endpoint that gives a
 * container its credentials. Nothing is signed. A failure that may pass is tried again at once, two
 * times; one that does not answer in time is not, since there a login is waiting.
 */
#ifndef SSMENV_AWS_LOCAL_SERVICE_H
#define SSMENV_AWS_LOCAL_SERVICE_H

#include "aws/http.h"
#include "common/deadline.h"

/* exchange->request says what is asked, all but its deadline: each attempt has milliseconds, all
 * together end at deadline. The exchange is over afterwards, one way or the other. */
void local_service_ask(struct http *http, struct http_exchange *exchange, int64_t milliseconds,
                       struct deadline deadline);

#endif
