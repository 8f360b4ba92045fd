// SPDX-License-Identifier: GPL-2.0
/* The first bytes of the image file. */
#include "rtos.h"

extern char image_file_len[], image_mem_len[], image_entry[];

static const struct crtos_image image __section(".head") __used = {
	.magic = CRTOS_IMAGE_MAGIC,
	.version = CRTOS_ABI_VERSION,
	.header_len = sizeof(struct crtos_image),
	.file_len = (u64)image_file_len,
	.mem_len = (u64)image_mem_len,
	.entry = (u64)image_entry,
};
