// SPDX-License-Identifier: GPL-2.0
/* Prints its arguments and its environment; after -e, lets a program do it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp)
{
	int i;

	if (argc > 2 && !strcmp(argv[1], "-e"))
		return execv(argv[2], argv + 2);
	printf("argc: %d\n", argc);
	for (i = 0; i < argc; i++)
		printf("argv[%d]: %s\n", i, argv[i]);
	if (argv[argc])
		printf("argv does not end\n");
	for (i = 0; envp[i]; i++)
		printf("envp[%d]: %s\n", i, envp[i]);
	return 0;
}
