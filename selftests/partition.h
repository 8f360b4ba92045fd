/* SPDX-License-Identifier: GPL-2.0 */
/* For tests in C that start the test RTOS themselves. */
#ifndef PARTITION_H
#define PARTITION_H

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/crtos.h>

/* Each error has to be seen so often, and uses nothing up. */
#define OFTEN	100

#define EXPECT_OFTEN(error, request) do {			\
	int often_;						\
								\
	for (often_ = 0; often_ < OFTEN; often_++)		\
		EXPECT_EQ(error, request);			\
} while (0)

/**
 * struct partition - what a test needs to start an RTOS
 * @fd: /dev/crtos, -1 if the test has to be skipped
 * @cpu: a CPU that can be lent
 * @image: copy of the image of the test RTOS, which may be changed
 * @image_len: its length
 */
struct partition {
	int fd;
	unsigned int cpu;
	void *image;
	size_t image_len;
};

static inline bool cpu_is_online(unsigned int cpu)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	file = fopen(path, "r");
	if (file) {
		state = getc(file);
		fclose(file);
	}
	return state == '1';
}

static inline bool cpu_set_online(unsigned int cpu, bool online)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	file = fopen(path, "w");
	if (!file)
		return false;
	putc(online ? '1' : '0', file);
	/* This is when it is written. */
	return !fclose(file);
}

/* The last one that is online and not the boot CPU, or 0 */
static inline unsigned int spare_cpu(void)
{
	unsigned int cpu;

	for (cpu = sysconf(_SC_NPROCESSORS_CONF) - 1; cpu; cpu--)
		if (cpu_is_online(cpu))
			break;
	return cpu;
}

static inline bool memory_is_reserved(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	bool found = false;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		found = found || strstr(line, "CRTOS partition");
	if (file)
		fclose(file);
	return found;
}

/* Beside the test itself */
static inline bool load_image(struct partition *partition)
{
	char path[4096 + 32] = "";
	struct stat st;
	int fd;

	if (readlink("/proc/self/exe", path, 4095) < 0)
		return false;
	strcat(dirname(path), "/crtos-rtos.img");
	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		return false;
	partition->image_len = st.st_size;
	partition->image = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return partition->image != MAP_FAILED;
}

/* Returns NULL, or why the test has to be skipped. */
static inline const char *partition_open(struct partition *partition)
{
	struct crtos_status status = {};

	partition->fd = -1;
	if (geteuid())
		return "must be run as root";
	if (access("/dev/crtos", F_OK))
		return "no CONFIG_CRTOS";
	if (!memory_is_reserved())
		return "no crtos_mem= on the kernel command line";
	partition->cpu = spare_cpu();
	if (!partition->cpu)
		return "no CPU to lend";
	if (!load_image(partition))
		return "no image of the test RTOS";

	partition->fd = open("/dev/crtos", O_RDWR | O_CLOEXEC);
	if (partition->fd < 0)
		return "cannot open /dev/crtos";
	if (!ioctl(partition->fd, CRTOS_IOC_STATUS, &status) &&
	    status.state == CRTOS_STATE_RUNNING) {
		close(partition->fd);
		partition->fd = -1;
		return "an RTOS is running";
	}
	return NULL;
}

static inline void partition_close(struct partition *partition)
{
	munmap(partition->image, partition->image_len);
	close(partition->fd);
}

/* Arguments for a start that succeeds. @cpus has room for one too many. */
static inline void partition_start_arg(struct partition *partition, struct crtos_start *arg,
				       __u32 *cpus)
{
	memset(cpus, 0, (CRTOS_MAX_CPUS + 1) * sizeof(*cpus));
	cpus[0] = partition->cpu;
	*arg = (struct crtos_start) {
		.backend = CRTOS_BACKEND_HANDOVER,
		.nr_cpus = 1,
		.cpus = (uintptr_t)cpus,
		.image = (uintptr_t)partition->image,
		.image_len = partition->image_len,
	};
}

static inline void drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &header, data);
	data[cap / 32].effective &= ~(1U << cap % 32);
	syscall(SYS_capset, &header, data);
}

/* Returns an errno. */
static inline int partition_start(struct partition *partition)
{
	__u32 cpus[CRTOS_MAX_CPUS + 1];
	struct crtos_start arg;

	partition_start_arg(partition, &arg, cpus);
	return ioctl(partition->fd, CRTOS_IOC_START, &arg) ? errno : 0;
}

/* Returns an errno. */
static inline int partition_stop(struct partition *partition)
{
	struct crtos_stop arg = {};

	return ioctl(partition->fd, CRTOS_IOC_STOP, &arg) ? errno : 0;
}

#endif
