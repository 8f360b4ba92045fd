// SPDX-License-Identifier: GPL-2.0
/*
 * Says what it may do. After -u, lets a program do it, as nobody; after -c, gives a file
 * all capabilities instead.
 */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/capability.h>

#define NOBODY	65534

static int execute_as_nobody(char **argv)
{
	if (!setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY))
		execv(argv[0], argv);
	perror(argv[0]);
	return 1;
}

static int give_capabilities(const char *path)
{
	const struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = { { .permitted = ~0 } },
	};

	return setxattr(path, "security.capability", &data, XATTR_CAPS_SZ_2, 0);
}

int main(int argc, char **argv)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	if (argc > 2 && !strcmp(argv[1], "-u"))
		return execute_as_nobody(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "-c"))
		return give_capabilities(argv[2]);
	if (syscall(SYS_capget, &header, data))
		return 1;
	printf("uid %d, gid %d, capabilities %s\n", geteuid(), getegid(),
	       data[0].effective || data[0].permitted ? "some" : "none");
	return 0;
}
