/* The least that a program can cost: it starts and ends. */
int main(void)
{
    return 0;
}
