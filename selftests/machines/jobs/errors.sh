# SPDX-License-Identifier: GPL-2.0
# What start_errors does of what takes seconds, as often as crtos.often=N says.

cd /selftests/crtos && exec ./start_errors
