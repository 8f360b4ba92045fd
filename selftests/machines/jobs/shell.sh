# SPDX-License-Identifier: GPL-2.0
# A shell on the console, for scripts/run --interactive.

exec setsid cttyhack sh </dev/console >/dev/console 2>&1
