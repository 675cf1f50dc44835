/* What ssmenv migrate leaves alone, and what it says about it: it never guesses. */
#include "migrate_scenario.h"

#define GET  "aws ssm get-parameter --name /a --query Parameter.Value --output text"
#define REST " --query Parameter.Value --output text"

static void test_nothing(void)
{
    static const struct shape shapes[] = {
        {"an empty file", "", ""},
        {"a comment", "# export X=$(" GET ")\n", ""},
        {"other commands of aws", "export X=$(aws sts get-caller-identity --query Account)\n", ""},
        {"other values", "export X=$(date) Y=1\nalias ll='ls -l'\n", ""},
        {"text in single quotes that nobody runs", "export EDITOR=vi # aws ssm\n", ""},
        {"a file that cannot be read to its end, and asks nobody", "export X='\n", ""},
    };

    CHECK_SHAPES(shapes);
}

static void test_conditions(void)
{
    static const struct shape shapes[] = {
        {"if", "if true; then\n  export X=$(" GET ")\nfi\n", "!2 AWS is asked inside a compound"},
        {"for", "for X in $(" GET "); do echo $X; done\n", "!1 AWS is asked inside a compound"},
        {"case", "case $- in *i*) export X=$(" GET ");; esac\n", "!1 AWS is asked inside"},
        {"braces", "{ export X=$(" GET "); }\n", "!1 AWS is asked inside a compound"},
        {"a subshell", "(export X=$(" GET "))\n", "!1 AWS is asked inside a compound"},
        {"behind a test", "[ -n \"$PS1\" ] && export X=$(" GET ")\n", "!1 X: "},
        {"behind a test of bash", "[[ -z $X || $Y > 1 ]] && export X=$(" GET ")\n", "!1 X: "},
        {"behind ||", "false || export X=$(" GET ")\n", "!1 X: "},
        {"behind a compound command", "if a; then b; fi && export X=$(" GET ")\n", "!1 X: "},
        {"before a compound command on the next line", "export X=$(" GET ") &&\n{\n date\n}\n",
         "!1 X: it shares a command"},
        {"with a default", "export X=${X:-$(" GET ")}\n",
         "!1 X: the output of aws is only a part of its value"},
        {"assigned by default", ": ${X:=$(" GET ")}\n", "!1 AWS is asked, but not as in export"},
        {"in the background", "export X=$(" GET ") &\n", "!1 X: "},
        {"in a pipe", "export X=$(" GET ") | cat\n", "!1 X: "},
        {"exported under a condition only", "X=$(" GET ")\nif true; then export X; fi\n",
         "!1 X: it is not exported"},
        {"exported behind a test only", "X=$(" GET ")\n[ -n \"$X\" ] && export X\n",
         "!1 X: it is not exported"},
        {"behind the end of the file", "return\nexport X=$(" GET ")\n",
         "!2 X: line 1 ends the file before it"},
        {"before a backslash that ends the file", "X=$(" GET ") \\", "!1 AWS is asked, but not as"},
        {"behind exec", "exec bash\nexport X=$(" GET ")\n", "!2 X: line 1 ends the file before it"},
    };

    CHECK_SHAPES(shapes);
}

static void test_functions(void)
{
    static const struct shape shapes[] = {
        {"a function",
         "get() { aws ssm get-parameter --name \"$1\"" REST "; }\nexport X=$(get /a)\n",
         "!1 a function asks AWS\n!2 X: its value comes from the function get"},
        {"a function of bash",
         "function get {\n  aws ssm get-parameter --name \"$1\"" REST
         "\n}\nexport X=\"$(get /a)\" Y=`get /b`\n",
         "!2 a function asks AWS\n!4 X: its value comes from the function get\n!4 Y: its value"},
        {"aws is a function", "aws() { command aws --profile x \"$@\"; }\nexport X=$(" GET ")\n",
         "!2 X: aws is a function or an alias here"},
        {"aws is an alias", "alias aws='aws --profile x'\nexport X=$(" GET ")\n",
         "!2 X: aws is a function or an alias here"},
        {"inside a function", "load() {\n export X=$(" GET ")\n}\nload\n",
         "!2 a function asks AWS"},
    };

    CHECK_SHAPES(shapes);
}

static void test_forms(void)
{
    static const struct shape shapes[] = {
        {"not exported", "X=$(" GET ")\n",
         "!1 X: it is not exported, as everything is that ssmenv"},
        {"readonly is not exported", "readonly X=$(" GET ")\n", "!1 X: it is not exported"},
        {"a part of a text", "export URL=\"postgres://u:$(" GET ")@h/d\"\n",
         "!1 URL: the output of aws is only a part of its value"},
        {"two commands in one value", "export X=$(" GET ")$(" GET ")\n", "!1 X: the output"},
        {"single quotes", "export X='$(" GET ")'\n", "!1 AWS is asked, but not as in export"},
        {"eval", "eval \"export X=$(" GET ")\"\n", "!1 AWS is asked, but not as in export"},
        {"read", "read -r X <<< \"$(" GET ")\"\n", "!1 AWS is asked, but not as in export"},
        {"read from a process", "read X < <(" GET ")\n", "!1 AWS is asked, but not as in export"},
        {"an array", "X=($(" GET "))\nexport X\n", "!1 AWS is asked, but not as in export"},
        {"an array, declared", "declare -ax X=$(" GET ")\n", "!1 X: it shares a command"},
        {"added", "export X\nX+=$(" GET ")\n", "!2 AWS is asked, but not as in export"},
        {"an alias", "alias x='" GET "'\n", "!1 AWS is asked, but not as in export"},
        {"printed", GET "\n", "!1 AWS is asked, but not as in export"},
        {"many at once", "eval $(aws ssm get-parameters-by-path --path /a)\n",
         "!1 get-parameters-by-path brings many: write an import such as APP_* = /path/*"},
        {"many into one", "export X=$(aws ssm get-parameters-by-path --path /a" REST ")\n",
         "!1 X: get-parameters-by-path brings many"},
        {"many in a loop",
         "while read -r n v; do export \"$n=$v\"; done < <(aws ssm get-parameters-by-path --path "
         "/a)",
         "!1 get-parameters-by-path brings many"},
        {"a name that is refused", "export LD_PRELOAD=$(" GET ")\n",
         "!1 LD_PRELOAD: ssmenv never sets a variable of this name"},
        {"what cannot be read", "export X='\nexport Y=$(" GET ")\n",
         "!1 nothing is read from here on: a single quote is not closed"},
        {"what begins and does not end", "if true; then\nexport Y=$(" GET ")\n",
         "!2 AWS is asked inside a compound command"},
    };

    CHECK_SHAPES(shapes);
}

static void test_lines(void)
{
    static const struct shape shapes[] = {
        {"another command behind it", "export X=$(" GET "); echo hello\n",
         "!1 X: its line holds other commands too"},
        {"another command before it", "umask 022; export X=$(" GET ")\n",
         "!1 X: its line holds other commands too"},
        {"another value in the same command", "export X=$(" GET ") PATH=$PATH:/x\n",
         "!1 X: it shares a command, or && and ||, with what has to stay"},
        {"an error message behind it", "X=$(" GET ") || echo failed\nexport X\n",
         "!1 X: it shares"},
        {"the end of a compound command", "if a; then\nb\nfi; export X=$(" GET ")\n",
         "!3 X: its line holds other commands too"},
        {"the begin of one", "export X=$(" GET "); if a\nthen b; fi\n",
         "!1 X: its line holds other commands too"},
        {"one of a pair that cannot go",
         "export X=$(" GET "); export Y=$(aws ssm get-parameter --name $Z" REST ")\n",
         "!1 X: its line holds other commands too\n!1 Y: $Z has no literal value above"},
        {"one of a command that cannot go",
         "export X=$(" GET ") Y=$(aws ssm get-parameter --name $Z" REST ")\n",
         "!1 X: it shares a command\n!1 Y: $Z has no literal value above"},
        {"output of export itself", "export X=$(" GET ") >/dev/null\n", "!1 X: it shares"},
    };

    CHECK_SHAPES(shapes);
}

static void test_others(void)
{
    static const struct shape shapes[] = {
        {"set before", "export X=default\nexport X=$(" GET ")\n",
         "!2 X: line 1 sets it too, stays, and would win"},
        {"set before under a condition", "if a; then X=1; fi\nexport X=$(" GET ")\n",
         "!2 X: line 1 sets it too, stays, and would win"},
        {"removed before", "unset X\nexport X=$(" GET ")\n",
         "!2 X: line 1 sets it too, stays, and would win"},
        {"an array before", "X=(1 2)\nexport X=$(" GET ")\n",
         "!2 X: line 1 sets it too, stays, and would win"},
        {"changed afterwards", "export X=$(" GET ")\nX=\"$X/db\"\n",
         "!1 X: line 2 changes it again"},
        {"added to afterwards", "export X=$(" GET ")\nX+=/db\n", "!1 X: line 2 changes it again"},
        {"asked before in a way that stays",
         "export X=$(aws ssm get-parameter --name $Y" REST ")\nexport X=$(" GET ")\n",
         "!1 X: $Y has no literal value above\n!2 X: line 1 sets it too, stays, and would win"},
        {"replaced afterwards is as before", "export X=$(" GET ")\nexport X=1\n", "X=/a\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_words(void)
{
    static const struct shape shapes[] = {
        {"a variable without a value",
         "export X=$(aws ssm get-parameter --name /$STAGE/db" REST ")\n",
         "!1 X: $STAGE has no literal value above"},
        {"a variable of a condition",
         "STAGE=a\nif b; then STAGE=b; fi\n"
         "export X=$(aws ssm get-parameter --name /$STAGE/db" REST ")\n",
         "!3 X: the value of $STAGE is not known"},
        {"a variable of a command",
         "HOST=$(hostname)\nexport X=$(aws ssm get-parameter --name /$HOST/db" REST ")\n",
         "!2 X: the value of $HOST is not known"},
        {"an expansion", "export X=$(aws ssm get-parameter --name /${STAGE:-prod}/db" REST ")\n",
         "!1 X: it needs an expansion of the shell"},
        {"a command in the name",
         "export X=$(aws ssm get-parameter --name /$(hostname)/db" REST ")\n",
         "!1 X: it needs the output of another command"},
        {"an argument", "export X=$(aws ssm get-parameter --name /$1/db" REST ")\n",
         "!1 X: it needs an expansion of the shell"},
        {"the home folder", "export X=$(aws ssm get-parameter --name ~/db" REST ")\n",
         "!1 X: it needs an expansion of the shell"},
        {"braces", "export X=$(aws ssm get-parameter --name /{a,b}" REST ")\n",
         "!1 X: it needs an expansion of the shell"},
        {"a value that the shell splits",
         "N='a b'\nexport X=$(aws ssm get-parameter --name /$N" REST ")\n",
         "!2 X: the value of $N is split by the shell"},
        {"the user where it is another one",
         "USER=root\nif a; then USER=b; fi\nexport X=$(aws ssm get-parameter --name /$USER" REST
         ")\n",
         "!3 X: the value of $USER is not known"},
        {"the user in a profile", "export X=$(" GET " --profile $USER)\n",
         "!1 X: --profile depends on the user"},
        {"%u itself", "export X=$(aws ssm get-parameter --name /users/%u" REST ")\n",
         "!1 X: a parameter's name holds no percent sign"},
        {"no name at all", "export X=$(aws ssm get-parameter --name ''" REST ")\n",
         "!1 X: the name it asks for is none"},
        {"a name that is none", "export X=$(aws ssm get-parameter --name 'a b'" REST ")\n",
         "!1 X: the name it asks for is none"},
        {"a name from a file", "export X=$(aws ssm get-parameter --name file://n" REST ")\n",
         "!1 X: --name is read from a file"},
        {"a list in JSON",
         "export X=$(aws ssm get-parameters --output text --names '[\"/a\"]' --query "
         "Parameters[0].Value)\n",
         "!1 X: the name it asks for is none"},
    };

    CHECK_SHAPES(shapes);
}

static void test_options(void)
{
    static const struct shape shapes[] = {
        {"an option that is not known", "export X=$(" GET " --cli-input-json x)\n",
         "!1 X: the option --cli-input-json is not understood"},
        {"an option of nobody", "export X=$(" GET " --no-sign-request)\n",
         "!1 X: the option --no-sign-request is not understood"},
        {"no certificates", "export X=$(" GET " --no-verify-ssl)\n",
         "!1 X: the option --no-verify-ssl is not understood"},
        {"a region that is none", "export X=$(" GET " --region 'x y')\n",
         "!1 X: its region is none that ssmenv.conf can have"},
        {"an endpoint that is none", "export X=$(" GET " --endpoint-url http://example.com)\n",
         "!1 X: its endpoint is none that ssmenv.conf can have"},
        {"another operation", "export X=$(aws ssm get-parameter-history --name /a" REST ")\n",
         "!1 X: aws ssm get-parameter-history does not read a parameter"},
    };

    CHECK_SHAPES(shapes);
}

static void test_outputs(void)
{
    static const struct shape shapes[] = {
        {"quotes around the value",
         "export X=$(aws ssm get-parameter --name /a --query Parameter.Value)\n",
         "!1 X: without --output text the value comes in quotes"},
        {"the whole answer", "export X=$(aws ssm get-parameter --name /a)\n",
         "!1 X: it takes the whole answer, not the value"},
        {"text without a query", "export X=$(aws ssm get-parameter --name /a --output text)\n",
         "!1 X: it prints more than the value"},
        {"another output", "export X=$(" GET " --output yaml)\n",
         "!1 X: its output is neither text nor json"},
        {"another query",
         "export X=$(aws ssm get-parameter --name /a --output text --query Parameter.ARN)\n",
         "!1 X: its --query is not understood"},
        {"the second of two",
         "export X=$(aws ssm get-parameters --names /a /b --output text --query "
         "'Parameters[0].Value')\n",
         "!1 X: it asks for several names, and AWS answers in an order of its own"},
        {"all of two",
         "export X=$(aws ssm get-parameters --names /a /b --output text --query "
         "'Parameters[*].Value')\n",
         "!1 X: it asks for several names"},
        {"the second of one",
         "export X=$(aws ssm get-parameters --names /a --output text --query "
         "'Parameters[1].Value')\n",
         "!1 X: its --query is not understood"},
        {"a name that was not asked for",
         "export X=$(aws ssm get-parameters --names /a --output text --query "
         "\"Parameters[?Name=='/b'].Value\")\n",
         "!1 X: it selects a name that it does not ask for"},
        {"a list in JSON",
         "export X=$(aws ssm get-parameters --names /a --query 'Parameters[*].Value')\n",
         "!1 X: its --query gives a list"},
    };

    CHECK_SHAPES(shapes);
}

static void test_filters(void)
{
    static const struct shape shapes[] = {
        {"jq that leaves quotes",
         "export X=$(aws ssm get-parameter --name /a | jq .Parameter.Value)\n",
         "!1 X: jq without -r leaves the value in quotes"},
        {"a program of jq that is more", "export X=$(" GET " | jq -r '.user // empty')\n",
         "!1 X: the program of jq is not understood"},
        {"jq and a file", "export X=$(" GET " | jq -r .a file)\n",
         "!1 X: the arguments of jq are not understood"},
        {"another filter", "export X=$(" GET " | base64 -d)\n",
         "!1 X: what stands behind its pipe is not understood"},
        {"line ends removed", "export X=$(" GET " | tr -d '\\n')\n",
         "!1 X: what stands behind its pipe is not understood"},
        {"a default behind a pipe",
         "export X=$(aws ssm get-parameter --name /a | jq -r .Parameter.Value || echo b)\n",
         "!1 X: the shell takes what stands behind || only when the last command of the pipe"},
        {"a default that runs a command", "export X=$(" GET " || hostname)\n",
         "!1 X: what stands behind its || is not understood"},
        {"a default with escapes", "export X=$(" GET " || echo 'a\\nb')\n",
         "!1 X: what echo makes of its text is not known"},
        {"another command first", "export X=$(cd /tmp; " GET ")\n",
         "!1 X: its command is not aws itself"},
        {"two commands", "export X=$(" GET "; date)\n", "!1 X: it runs more than one command"},
        {"and another", "export X=$(" GET " && echo b)\n", "!1 X: it runs more than one command"},
        {"the output goes elsewhere", "export X=$(" GET " >/tmp/x)\n",
         "!1 X: it redirects more than its messages"},
        {"messages become the value", "export X=$(" GET " 2>&1 1>&2)\n",
         "!1 X: it redirects more than its messages"},
        {"through sudo", "export X=$(sudo " GET ")\n", "!1 X: its command is not aws itself"},
        {"through a container",
         "export X=$(docker run amazon/aws-cli ssm get-parameter --name a)\n",
         "!1 X: its command is not aws itself"},
        {"nested", "export X=$(echo $(" GET "))\n", "!1 X: its command is not aws itself"},
    };

    CHECK_SHAPES(shapes);
}

static void test_environment(void)
{
    static const struct shape shapes[] = {
        {"keys in the file",
         "export AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=secret\nexport X=$(" GET ")\n",
         "!2 X: aws obeys AWS_ACCESS_KEY_ID, which is set here"},
        {"keys in front", "export X=$(AWS_SESSION_TOKEN=t " GET ")\n",
         "!1 X: aws obeys AWS_SESSION_TOKEN, which is set here"},
        {"another configuration", "export AWS_CONFIG_FILE=/x\nexport X=$(" GET " --profile p)\n",
         "!2 X: aws obeys AWS_CONFIG_FILE"},
        {"a proxy", "export https_proxy=http://p:3128\nexport X=$(" GET ")\n",
         "!2 X: aws obeys https_proxy"},
        {"a region under a condition",
         "export AWS_REGION=eu-west-1\nif a; then export AWS_REGION=b; fi\nexport X=$(" GET ")\n",
         "!3 X: the value of $AWS_REGION is not known"},
        {"a region of a test",
         "[ -n \"$AWS_REGION\" ] || export AWS_REGION=eu-west-1\n"
         "export X=$(" GET ")\n",
         "!2 X: the value of $AWS_REGION is not known"},
        {"a region of a command", "export AWS_REGION=$(curl x)\nexport X=$(" GET ")\n",
         "!2 X: the value of $AWS_REGION is not known"},
        {"two regions",
         "export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=us-east-1\n"
         "export X=$(" GET ")\n",
         "!2 X: AWS_REGION and AWS_DEFAULT_REGION are not the same"},
    };

    CHECK_SHAPES(shapes);
}

static void test_files(void)
{
    struct arena arena = ARENA_INIT;
    struct shell_variables variables = {.arena = &arena};
    static const char first[] = "export X=1 AWS_REGION=eu-west-1\n";
    static const char second[] = "export X=$(" GET ")\nexport Y=$(" GET ")\n";
    struct migrate_file file;

    migrate_read(&file, "/etc/profile", first, strlen(first), &variables, NULL);
    migrate_read(&file, ".bashrc", second, strlen(second), &variables, NULL);
    if (CHECK_INT((long long)file.variable_count, 1))
        CHECK_TEXT(file.variables[0].value.region, "eu-west-1");
    if (CHECK_INT((long long)file.problem_count, 1))
        CHECK_TEXT(file.problems[0].text, "X: /etc/profile:1 sets it too, stays, and would win");
    arena_free(&arena);
}

static const struct tap_test tests[] = {
    {"a file that does not ask AWS gives nothing, not even a message", test_nothing},
    {"what runs under a condition only is left alone", test_conditions},
    {"what functions and aliases do is left alone", test_functions},
    {"what is not a variable with that value is left alone", test_forms},
    {"lines that hold anything else are left alone", test_lines},
    {"a variable that other lines set too is left alone", test_others},
    {"words that depend on something unknown are left alone", test_words},
    {"options, regions and endpoints that ssmenv.conf has no place for are left alone",
     test_options},
    {"output that is not the value is left alone", test_outputs},
    {"output that goes through something else is left alone", test_filters},
    {"settings that ssmenv would not have are left alone", test_environment},
    {"what one file sets counts in the next", test_files},
};

TAP_MAIN(tests)
