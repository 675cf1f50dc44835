/* usage: config-check FILE     prints the file's mistakes; owner and mode do not matter */
#include <stdio.h>
#include <stdlib.h>

#include "config/parser.h"

static char text[1 << 20];

int main(int argc, char **argv)
{
    struct diagnostics diagnostics = DIAGNOSTICS_INIT;
    struct config config;
    struct parser parser;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    bool good;

    if (file == NULL)
        return 2;
    parser_init(&parser, &config, &diagnostics);
    parser_read(&parser, argv[1], text, fread(text, 1, sizeof text, file));
    fclose(file);
    good = parser_finish(&parser);
    for (size_t i = 0; i < diagnostics.count; i++)
        puts(diagnostics.items[i].text);
    for (size_t i = 0; i < config.identities[0].count; i++)
        printf("aws %s\n", config.identities[0].settings[i].key);
    config_free(&config);
    diagnostics_free(&diagnostics);
    return good ? 0 : 1;
}
