/* What ssmenv migrate takes over: the shapes in which people ask AWS in start-up files. */
#include "migrate_scenario.h"

#define GET  "aws ssm get-parameter --name /a --query Parameter.Value --output text"
#define REST " --query Parameter.Value --output text"

static void test_tutorial(void)
{
    static const struct shape shapes[] = {
        {"the two lines of the tutorial",
         "export DB_USER=$(aws --region=us-east-2 --output=text ssm get-parameter --name 'DB_USER' "
         "--query 'Parameter.Value')\n"
         "export DB_PASS=$(aws --region=us-east-2 --output=text ssm get-parameter --name 'DB_PASS' "
         "--query 'Parameter.Value')\n",
         "DB_USER=DB_USER @us-east-2\nDB_PASS=DB_PASS @us-east-2\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_quoting(void)
{
    static const struct shape shapes[] = {
        {"no quotes", "export X=$(" GET ")", "X=/a\n"},
        {"double quotes around it", "export X=\"$(" GET ")\"", "X=/a\n"},
        {"backticks", "export X=`" GET "`", "X=/a\n"},
        {"backticks in double quotes", "export X=\"`" GET "`\"", "X=/a\n"},
        {"escaped quotes in backticks in quotes",
         "export X=\"`aws ssm get-parameter --name \\\"/a\\\"" REST "`\"", "X=/a\n"},
        {"double quotes inside", "export X=\"$(aws ssm get-parameter --name \"/a\"" REST ")\"",
         "X=/a\n"},
        {"quotes around name and value", "export \"X=$(" GET ")\"", "X=/a\n"},
        {"an empty text beside it", "export X=\"\"$(" GET ")''", "X=/a\n"},
        {"blanks inside the parentheses", "export X=$( " GET " )", "X=/a\n"},
        {"a quoted program", "export X=$(\"aws\" ssm get-parameter --name '/a'" REST ")", "X=/a\n"},
        {"a backslash in a word", "export X=$(aws s\\sm get-parameter --name /a" REST ")",
         "X=/a\n"},
        {"$'...' without escapes", "export X=$(aws ssm get-parameter --name $'/a'" REST ")",
         "X=/a\n"},
        {"tabs and a comment behind", "\texport\tX=$(" GET ")\t# the user\n", "X=/a\n"},
        {"a file that does not end in a line end", "export X=$(" GET ")", "X=/a\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_options(void)
{
    static const struct shape shapes[] = {
        {"options in another order",
         "export X=$(aws ssm get-parameter --output text --query Parameter.Value --name /a "
         "--region "
         "eu-west-1)",
         "X=/a @eu-west-1\n"},
        {"all with =",
         "export X=$(aws ssm get-parameter --name=/a --query=Parameter.Value --output=text "
         "--region=eu-west-1 --profile=ops)",
         "X=/a @eu-west-1 ops\n"},
        {"with decryption", "export X=$(" GET " --with-decryption)", "X=/a\n"},
        {"with decryption first",
         "export X=$(aws ssm get-parameter --with-decryption --name /a" REST ")", "X=/a\n"},
        {"without decryption", "export X=$(" GET " --no-with-decryption)", "X=/a\n"},
        {"a profile", "export X=$(" GET " --profile prod)", "X=/a @prod\n"},
        {"a profile with an odd name", "export X=$(" GET " --profile 'a #\"b')", "X=/a @a #\"b\n"},
        {"an endpoint", "export X=$(" GET " --endpoint-url http://127.0.0.1:4566)",
         "X=/a @http://127.0.0.1:4566\n"},
        {"options that change nothing",
         "export X=$(" GET " --no-cli-pager --color off --cli-read-timeout 5)", "X=/a\n"},
        {"the last one counts", "export X=$(" GET " --name /b)", "X=/b\n"},
        {"an absolute program", "export X=$(/usr/bin/aws ssm get-parameter --name /a" REST ")",
         "X=/a\n"},
        {"another place", "export X=$(/usr/local/bin/aws ssm get-parameter --name /a" REST ")",
         "X=/a\n"},
        {"through command", "export X=$(command " GET ")", "X=/a\n"},
        {"through timeout", "export X=$(timeout 5 " GET ")", "X=/a\n"},
        {"messages thrown away", "export X=$(" GET " 2>/dev/null)", "X=/a\n"},
        {"messages thrown away outside", "export X=$(" GET ") 2>/dev/null", "X=/a\n"},
        {"messages into a log", "export X=$(" GET " 2>> /tmp/log </dev/null)", "X=/a\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_names(void)
{
    static const struct shape shapes[] = {
        {"a version", "export X=$(aws ssm get-parameter --name /a:3" REST ")", "X=/a:3\n"},
        {"a label", "export X=$(aws ssm get-parameter --name db:prod" REST ")", "X=db:prod\n"},
        {"an ARN",
         "export X=$(aws ssm get-parameter --name "
         "arn:aws:ssm:us-east-2:111122223333:parameter/a" REST ")",
         "X=arn:aws:ssm:us-east-2:111122223333:parameter/a\n"},
        {"a reference to a secret",
         "export X=$(aws ssm get-parameter --with-decryption --name "
         "/aws/reference/secretsmanager/prod/db" REST ")",
         "X=/aws/reference/secretsmanager/prod/db\n"},
        {"a parameter named unset", "export X=$(aws ssm get-parameter --name unset" REST ")",
         "X=unset\n"},
        {"a parameter named secret, third version",
         "export X=$(aws ssm get-parameter --name secret:3" REST ")", "X=secret:3\n"},
        {"a parameter named ssm, with a label",
         "export X=$(aws ssm get-parameter --name ssm:prod" REST ")", "X=ssm:prod\n"},
        {"the login's user", "export X=$(aws ssm get-parameter --name /users/$USER/token" REST ")",
         "X=/users/%u/token\n"},
        {"the login's user, quoted",
         "export X=\"$(aws ssm get-parameter --name \"/users/${LOGNAME}/token\"" REST ")\"",
         "X=/users/%u/token\n"},
        {"a literal variable",
         "STAGE=prod\nexport X=$(aws ssm get-parameter --name \"/$STAGE/db\"" REST ")",
         "X=/prod/db\n"},
        {"a variable made of another",
         "APP=shop\nBASE=\"/prod/$APP\"\nexport X=$(aws ssm get-parameter --name ${BASE}/db" REST
         ")",
         "X=/prod/shop/db\n"},
        {"options in a variable",
         "OPTS=\"--region eu-west-1 --output text\"\n"
         "export X=$(aws $OPTS ssm get-parameter --name /a --query Parameter.Value)",
         "X=/a @eu-west-1\n"},
        {"the program in a variable",
         "AWS=/usr/bin/aws\nexport X=$($AWS ssm get-parameter --name /a" REST ")", "X=/a\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_statements(void)
{
    static const struct shape shapes[] = {
        {"assigned, then exported", "X=$(" GET ")\nexport X\n", "X=/a\n"},
        {"exported, then assigned", "export X\nX=$(" GET ")\n", "X=/a\n"},
        {"in two steps on one line", "X=$(" GET "); export X", "X=/a\n"},
        {"in two steps with &&", "X=$(" GET ") && export X", "X=/a\n"},
        {"declare -x", "declare -x X=$(" GET ")", "X=/a\n"},
        {"typeset -rx", "typeset -rx X=$(" GET ")", "X=/a\n"},
        {"readonly and export", "readonly X=$(" GET ")\nexport X", "X=/a\n"},
        {"set -a", "set -a\nX=$(" GET ")\nset +a\n", "X=/a\n"},
        {"set -o allexport", "set -o allexport\nX=$(" GET ")\n", "X=/a\n"},
        {"two in one export", "export X=$(" GET ") Y=$(aws ssm get-parameter --name /b" REST ")",
         "X=/a\nY=/b\n"},
        {"two with a semicolon",
         "export X=$(" GET "); export Y=$(aws ssm get-parameter --name /b" REST ")",
         "X=/a\nY=/b\n"},
        {"two with && over two lines",
         "export X=$(" GET ") &&\n  export Y=$(aws ssm get-parameter --name /b" REST ")",
         "X=/a\nY=/b\n"},
        {"on several lines",
         "export X=$(aws ssm get-parameter \\\n    --name /a \\\n    --query Parameter.Value \\\n"
         "    --output text)\n",
         "X=/a\n"},
        {"a line end inside the parentheses", "export X=$(\n  " GET "\n)\n", "X=/a\n"},
        {"nothing that matters behind ||", "X=$(" GET ") || true\nexport X", "X=/a\n"},
        {"the last of two counts",
         "export X=$(" GET ")\nexport X=$(aws ssm get-parameter --name /b" REST ")", "X=/b\n"},
        {"behind here-documents, whose text is none of the shell's",
         "cat <<END\nit's \"unbalanced $(\nexport Y=$(" GET ")\nEND\n"
         "cat <<-'A B' <<C\n\t$(\n\tA B\n`\nC\nexport X=$(" GET ")\n",
         "X=/a\n"},
        {"in the middle of Debian's .bashrc",
         "# If not running interactively, don't do anything\n"
         "case $- in\n    *i*) ;;\n      *) return;;\nesac\n"
         "if [ -x /usr/bin/lesspipe ]; then eval \"$(SHELL=/bin/sh lesspipe)\"; fi\n"
         "[ -z \"$PS1\" ] && return\n"
         "alias l='ls -CF'\n"
         "PS1='${debian_chroot:+($debian_chroot)}\\u@\\h:\\w\\$ '\n"
         "export X=$(" GET ")\n"
         "cat <<END\nit's \"unbalanced $(\nEND\n"
         "export PATH=\"$HOME/bin:$PATH\"\n",
         "X=/a\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_environment(void)
{
    static const struct shape shapes[] = {
        {"AWS_PROFILE in front", "export X=$(AWS_PROFILE=ops " GET ")", "X=/a @ops\n"},
        {"AWS_REGION through env", "export X=$(env AWS_REGION=eu-west-1 " GET ")",
         "X=/a @eu-west-1\n"},
        {"AWS_DEFAULT_REGION above", "export AWS_DEFAULT_REGION=eu-west-1\nexport X=$(" GET ")",
         "X=/a @eu-west-1\n"},
        {"both names of the region, with one value",
         "export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1\nexport X=$(" GET ")",
         "X=/a @eu-west-1\n"},
        {"an option before a variable",
         "export AWS_REGION=eu-west-1\nexport X=$(" GET " --region us-east-1)",
         "X=/a @us-east-1\n"},
        {"a variable that aws does not see", "AWS_REGION=eu-west-1\nexport X=$(" GET ")", "X=/a\n"},
        {"a region that changes on the way",
         "export AWS_REGION=eu-west-1\nexport X=$(" GET ")\nexport AWS_REGION=us-east-1\n"
         "export Y=$(" GET ")",
         "X=/a @eu-west-1\nY=/a @us-east-1\n"},
        {"AWS_DEFAULT_OUTPUT",
         "export AWS_DEFAULT_OUTPUT=text\n"
         "export X=$(aws ssm get-parameter --name /a --query Parameter.Value)",
         "X=/a\n"},
        {"a region in a variable of its own",
         "REGION=eu-west-1\nexport X=$(" GET " --region $REGION)", "X=/a @eu-west-1\n"},
        {"keys do not matter with --profile",
         "export AWS_ACCESS_KEY_ID=AKID\nexport X=$(" GET " --profile ops)", "X=/a @ops\n"},
        {"several profiles and regions",
         "export X=$(" GET " --region eu-west-1 --profile a)\n"
         "export Y=$(" GET " --region eu-west-1)\n"
         "export Z=$(" GET " --region eu-west-1 --profile a)\n",
         "X=/a @eu-west-1 a\nZ=/a @eu-west-1 a\nY=/a @eu-west-1\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_profile(void)
{
    static const struct shape shapes[] = {
        {"region and output of the profile",
         "export X=$(aws ssm get-parameter --name /a --query Parameter.Value)",
         "X=/a @ap-south-1\n"},
        {"an option before the profile", "export X=$(" GET " --region eu-west-1)",
         "X=/a @eu-west-1\n"},
        {"jq cannot read the profile's text",
         "export X=$(aws ssm get-parameter --name /a | jq -r .Parameter.Value)",
         "!1 X: it prints more than the value"},
    };

    migrate_region = "ap-south-1";
    migrate_output = "text";
    CHECK_SHAPES(shapes);
    migrate_region = migrate_output = "";
}

#define PARAMETERS "aws ssm get-parameters --output text --names /a --query "
#define TWO        "aws ssm get-parameters --output text --names /a /b --query "

static void test_queries(void)
{
    static const struct shape shapes[] = {
        {"a list of one",
         "export X=$(aws ssm get-parameter --name /a --output text --query "
         "'Parameter.[Value]')",
         "X=/a\n"},
        {"the first of one", "export X=$(" PARAMETERS "Parameters[0].Value)", "X=/a\n"},
        {"the first of one, quoted", "export X=$(" PARAMETERS "\"Parameters[0].Value\")", "X=/a\n"},
        {"all of one", "export X=$(" PARAMETERS "'Parameters[*].Value')", "X=/a\n"},
        {"all of one, flat", "export X=$(" PARAMETERS "'Parameters[].Value | [0]')", "X=/a\n"},
        {"all of one, as a list", "export X=$(" PARAMETERS "'Parameters[*].[Value]')", "X=/a\n"},
        {"names with =",
         "export X=$(aws ssm get-parameters --names=/a --output text --query Parameters[0].Value)",
         "X=/a\n"},
        {"by name, of two", "export X=$(" TWO "\"Parameters[?Name=='/b'].Value\")", "X=/b\n"},
        {"by name, in backticks", "export X=$(" TWO "'Parameters[?Name==`/b`].Value')", "X=/b\n"},
        {"by name, in both", "export X=$(" TWO "'Parameters[?Name==`\"/a\"`] | [0].Value')",
         "X=/a\n"},
        {"jq", "export X=$(aws ssm get-parameter --name /a | jq -r .Parameter.Value)", "X=/a\n"},
        {"jq, quoted, long option",
         "export X=$(aws ssm get-parameter --name /a --output json | jq --raw-output "
         "'.Parameter.Value')",
         "X=/a\n"},
        {"jq on the next line",
         "export X=$(aws ssm get-parameter --name /a |\n   jq '.Parameter | .Value' -r)", "X=/a\n"},
        {"jq, the first of one",
         "export X=$(aws ssm get-parameters --names /a | jq -r '.Parameters[0].Value')", "X=/a\n"},
        {"jq, by name",
         "export X=$(aws ssm get-parameters --names /a /b | jq -r '.Parameters[] | "
         "select(.Name == \"/b\") | .Value')",
         "X=/b\n"},
        {"jq for the quotes",
         "export X=$(aws ssm get-parameter --name /a --query Parameter.Value | jq -r .)", "X=/a\n"},
        {"tr for the quotes",
         "export X=$(aws ssm get-parameter --name /a --query Parameter.Value | tr -d '\"')",
         "X=/a\n"},
        {"sed for the quotes",
         "export X=$(aws ssm get-parameter --name /a --query Parameter.Value | sed 's/\"//g')",
         "X=/a\n"},
        {"a member of a JSON value", "export X=$(" GET " | jq -r .user)", "X=/a#/user\n"},
        {"a member with fromjson",
         "export X=$(aws ssm get-parameter --name /a | jq -r '.Parameter.Value | fromjson | "
         ".db.user')",
         "X=/a#/db/user\n"},
        {"a member with fromjson in parentheses",
         "export X=$(aws ssm get-parameter --name /a | jq -r '(.Parameter.Value|fromjson).user')",
         "X=/a#/user\n"},
        {"an odd member", "export X=$(" GET " | jq -r '.[\"odd key\"]')", "X=/a#/odd key\n"},
        {"a member with a slash", "export X=$(" GET " | jq -r '.\"a/b\"')", "X=/a#/a~1b\n"},
        {"an element", "export X=$(" GET " | jq -r '.hosts[1].name')", "X=/a#/hosts/1/name\n"},
    };

    CHECK_SHAPES(shapes);
}

#define SECRET "aws secretsmanager get-secret-value --secret-id prod/db"

static void test_secrets(void)
{
    static const struct shape shapes[] = {
        {"a secret", "export X=$(" SECRET " --query SecretString --output text)",
         "X=secret:prod/db\n"},
        {"a member", "export X=$(" SECRET " --query SecretString --output text | jq -r .password)",
         "X=secret:prod/db#/password\n"},
        {"a member through jq alone",
         "export X=$(" SECRET " | jq -r '.SecretString | fromjson | .password')",
         "X=secret:prod/db#/password\n"},
        {"a stage",
         "export X=$(" SECRET " --version-stage AWSPREVIOUS --query SecretString --output text)",
         "X=secret:prod/db?stage=AWSPREVIOUS\n"},
        {"an ARN",
         "export X=$(aws secretsmanager get-secret-value --query SecretString --output text "
         "--secret-id arn:aws:secretsmanager:us-east-2:111122223333:secret:prod/db-AbCdEf)",
         "X=secret:arn:aws:secretsmanager:us-east-2:111122223333:secret:prod/db-AbCdEf\n"},
        {"a secret of RDS",
         "export X=$(aws secretsmanager get-secret-value --secret-id 'rds!db-1' --query "
         "SecretString --output text)",
         "X=secret:rds!db-1\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_fallbacks(void)
{
    static const struct shape shapes[] = {
        {"a text", "export X=$(" GET " || echo localhost)", "X=/a||\"localhost\"\n"},
        {"a text with blanks", "export X=$(" GET " 2>/dev/null || echo \"not set\")",
         "X=/a||\"not set\"\n"},
        {"several words", "export X=$(" GET " || echo -n a b)", "X=/a||\"a b\"\n"},
        {"quotes and dollars", "export X=$(" GET " || echo 'a\"$b')", "X=/a||\"a\"$b\"\n"},
        {"nothing", "export X=$(" GET " || true)", "X=/a||\"\"\n"},
        {"an empty line", "export X=$(" GET " || echo)", "X=/a||\"\"\n"},
    };

    CHECK_SHAPES(shapes);
}

static void test_commenting(void)
{
    static const char text[] = "export A=1\nexport X=$(aws ssm get-parameter --name /a \\\n"
                               "   --query Parameter.Value --output text)\nexport B=2\n"
                               "Y=$(" GET ")\nexport Y\nexport X B";
    struct arena arena = ARENA_INIT;
    struct shell_variables variables = {.arena = &arena};
    struct migrate_file file;
    struct buffer changed = BUFFER_INIT;

    migrate_read(&file, ".bashrc", text, strlen(text), &variables, NULL);
    migrate_comment_out(&file, text, strlen(text), &changed);
    CHECK_TEXT(buffer_text(&changed),
               "export A=1\n# export X=$(aws ssm get-parameter --name /a \\\n"
               "#    --query Parameter.Value --output text)\nexport B=2\n"
               "# Y=$(" GET ")\n# export Y\nexport X B");
    migrate_read(&file, ".bashrc", buffer_text(&changed), changed.length, &variables, NULL);
    CHECK(file.variable_count == 0 && file.problem_count == 0 && file.range_count == 0);
    buffer_free(&changed);
    arena_free(&arena);
}

static const struct tap_test tests[] = {
    {"the two lines of the usual tutorial are taken over", test_tutorial},
    {"quoting in every form does not matter", test_quoting},
    {"options stand in any order and form", test_options},
    {"every legal name is written so that it means the same", test_names},
    {"a variable may be assigned and exported in every way", test_statements},
    {"variables that aws obeys choose region and profile", test_environment},
    {"what is not written is taken from the profile", test_profile},
    {"what selects the value is understood", test_queries},
    {"secrets are asked of Secrets Manager itself", test_secrets},
    {"a text for failures becomes an alternative", test_fallbacks},
    {"the lines become comments, and a second run finds nothing", test_commenting},
};

TAP_MAIN(tests)
