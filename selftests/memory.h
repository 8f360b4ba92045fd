/* SPDX-License-Identifier: GPL-2.0 */
/* For tests that look for memory of the kernel which nobody gave back. */
#ifndef MEMORY_H
#define MEMORY_H

#include <dirent.h>
#include <stdio.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* Or what KASAN keeps of freed memory, up to a MiB for each CPU, would count as lost. */
static inline void shrink_caches(void)
{
	DIR *slab = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];
	FILE *file;

	while (slab && (entry = readdir(slab))) {
		/* Links are caches that share one. */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		file = fopen(path, "w");
		if (!file)
			continue;
		fputs("1", file);
		fclose(file);
	}
	if (slab)
		closedir(slab);
}

/* With what the lists of CPUs hold, where the pages of a region go when it is freed */
static inline long free_kib(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	struct sysinfo info;
	long count, pages = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %ld", &count) == 1)
			pages += count;
	if (file)
		fclose(file);
	sysinfo(&info);
	return pages * (sysconf(_SC_PAGESIZE) / 1024) + info.freeram / 1024;
}

#endif
