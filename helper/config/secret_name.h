/*
 * What may stand behind secret: (Secrets Manager API reference, CreateSecret and GetSecretValue): a
 * secret's name, letters, digits and / _ + = . @ - !, or its ARN, and behind a ? one version of it,
 * ?stage=STAGE or ?version=VERSION.
 */
#ifndef SSMENV_CONFIG_SECRET_NAME_H
#define SSMENV_CONFIG_SECRET_NAME_H

#include "config/parameter_name.h"

/* name may hold %u, but neither behind the ? nor in what stands before the name in an ARN. */
struct name_mistake secret_name_judge(const char *name);

#endif
