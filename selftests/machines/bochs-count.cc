// SPDX-License-Identifier: GPL-2.0
/*
 * For scripts/where: writes down what the first CPU executes. XCHG of RDI with
 * itself, on any CPU, begins and ends that: one line for each instruction with its
 * address and the time, "begin" before and "end" behind. $CRTOS_TRACE is the file.
 */
#include "bochs.h"
#include "cpu/cpu.h"
#include "cpu/decoder/ia_opcodes.h"
#include "pc_system.h"
#include <cstdio>
#include <cstdlib>

static FILE *file;
static bool tracing;
static Bit64u last;

static bool is_mark(const bxInstruction_c *i)
{
	return i->getIaOpcode() == BX_IA_XCHG_EqGq && i->modC0() && i->dst() == 7 && i->src() == 7;
}

void bx_instr_before_execution(unsigned cpu, bxInstruction_c *i)
{
	if (is_mark(i) && file) {
		tracing = !tracing;
		fprintf(file, "%s\n", tracing ? "begin" : "end");
	}
	if (!tracing || cpu)
		return;
	/* When a turn ends in between, an instruction is announced again. */
	if (BX_CPU(cpu)->get_icount() != last)
		fprintf(file, "%llx %llu\n", (unsigned long long)BX_CPU(cpu)->get_instruction_pointer(),
			(unsigned long long)bx_pc_system.time_ticks());
	last = BX_CPU(cpu)->get_icount();
}

void bx_instr_init_env(void)
{
	const char *name = getenv("CRTOS_TRACE");

	if (name)
		file = fopen(name, "w");
}

void bx_instr_exit_env(void)
{
	if (file)
		fclose(file);
}

/* The rest is of no interest. */
void bx_instr_initialize(unsigned) {}
void bx_instr_exit(unsigned) {}
void bx_instr_reset(unsigned, unsigned) {}
void bx_instr_hlt(unsigned) {}
void bx_instr_mwait(unsigned, bx_phy_address, unsigned, Bit32u) {}
void bx_instr_debug_promt() {}
void bx_instr_debug_cmd(const char *) {}
void bx_instr_cnear_branch_taken(unsigned, bx_address, bx_address) {}
void bx_instr_cnear_branch_not_taken(unsigned, bx_address) {}
void bx_instr_ucnear_branch(unsigned, unsigned, bx_address, bx_address) {}
void bx_instr_far_branch(unsigned, unsigned, Bit16u, bx_address, Bit16u, bx_address) {}
void bx_instr_opcode(unsigned, bxInstruction_c *, const Bit8u *, unsigned, bool, bool) {}
void bx_instr_interrupt(unsigned, unsigned) {}
void bx_instr_exception(unsigned, unsigned, unsigned) {}
void bx_instr_hwinterrupt(unsigned, unsigned, Bit16u, bx_address) {}
void bx_instr_tlb_cntrl(unsigned, unsigned, bx_phy_address) {}
void bx_instr_clflush(unsigned, bx_address, bx_phy_address) {}
void bx_instr_cache_cntrl(unsigned, unsigned) {}
void bx_instr_prefetch_hint(unsigned, unsigned, unsigned, bx_address) {}
void bx_instr_after_execution(unsigned, bxInstruction_c *) {}
void bx_instr_repeat_iteration(unsigned, bxInstruction_c *) {}
void bx_instr_inp(Bit16u, unsigned) {}
void bx_instr_inp2(Bit16u, unsigned, unsigned) {}
void bx_instr_outp(Bit16u, unsigned, unsigned) {}
void bx_instr_lin_access(unsigned, bx_address, bx_address, unsigned, unsigned, unsigned) {}
void bx_instr_phy_access(unsigned, bx_phy_address, unsigned, unsigned, unsigned) {}
void bx_instr_wrmsr(unsigned, unsigned, Bit64u) {}
void bx_instr_vmexit(unsigned, Bit32u, Bit64u) {}
