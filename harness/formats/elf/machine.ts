// Names of the machines that an ELF header may name: linux include/uapi/linux/elf-em.h.

const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'none'],
  [2, 'sparc'],
  [3, 'x86'],
  [8, 'mips'],
  [20, 'powerpc'],
  [21, 'powerpc64'],
  [22, 's390'],
  [40, 'arm'],
  [43, 'sparc64'],
  [50, 'ia64'],
  [62, 'x86-64'],
  [183, 'aarch64'],
  [243, 'riscv'],
  [247, 'bpf'],
  [258, 'loongarch'],
])

/** `aarch64`, `x86-64`, `bpf`, …; `machine 1234` for a number that is not listed. */
export function machineName(machine: number): string {
  return NAMES.get(machine) ?? `machine ${machine}`
}
