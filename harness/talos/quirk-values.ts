// The longer values of quirks.ts: command lines and extension prefixes of each Talos.

const CONSOLES = 'talos.platform=metal console=ttyAMA0 console=tty0'
const HARDENING = 'slab_nomerge pti=on consoleblank=0'
const NVME = 'nvme_core.io_timeout=4294967295'
const IMA = 'ima_template=ima-ng ima_appraise=fix ima_hash=sha512'

type Arguments = {
  /** Two arguments that are left out together from 1.14.0-alpha.1 on. */
  readonly allocationAndNvme: boolean
  readonly behind: readonly string[]
}

function commandLine({ allocationAndNvme, behind }: Arguments): string {
  const [allocation, nvme] = allocationAndNvme ? [['init_on_alloc=1'], [NVME]] : [[], []]
  return [CONSOLES, ...allocation, HARDENING, ...nvme, 'printk.devkmsg=on', ...behind].join(' ')
}

const SELINUX = 'selinux=1'
const SIGNATURES = 'module.sig_enforce=1'
const PROC_MEM = 'proc_mem.force_override=never'

/** pkg/machinery/kernel/kernel.go at each tag; golden values in pkg/imager/imager_test.go @ main. */
export const COMMAND_LINES = {
  ima: commandLine({ allocationAndNvme: true, behind: [IMA, SELINUX] }),
  selinux: commandLine({ allocationAndNvme: true, behind: [SELINUX] }),
  signatures: commandLine({ allocationAndNvme: true, behind: [SELINUX, SIGNATURES] }),
  procMem: commandLine({ allocationAndNvme: true, behind: [SELINUX, SIGNATURES, PROC_MEM] }),
  shorter: commandLine({ allocationAndNvme: false, behind: [SELINUX, SIGNATURES, PROC_MEM] }),
} as const

const FIRST = [
  'etc/cri/conf.d',
  'usr/lib/firmware',
  'usr/lib/modules',
  'usr/lib/ld-linux-x86-64.so.2',
  'usr/bin/ldconfig',
  'usr/lib/udev/rules.d',
  'usr/local',
  'usr/share/glvnd',
  'usr/share/egl',
  'etc/vulkan',
]
const WITH_LOADER = [...FIRST, 'usr/lib/ld-linux-aarch64.so.1']
const WITH_NVIDIA = [
  ...WITH_LOADER,
  'etc/ld.so.conf',
  'etc/ld.so.cache',
  'usr/bin/nvidia-modprobe',
  'usr/bin/nvidia-pcc',
  'usr/bin/nvidia-smi',
  'usr/bin/nvidia-ctk',
  'usr/bin/nvidia-cdi-hook',
  'usr/bin/nvme',
]

/** pkg/machinery/extensions/extensions.go at each tag. */
export const PREFIXES: Readonly<Record<'first' | 'withLoader' | 'withNvidia', readonly string[]>> = {
  first: FIRST,
  withLoader: WITH_LOADER,
  withNvidia: WITH_NVIDIA,
}

export type Splash = { readonly size: number; readonly sha256: string }

/** Splashes seen in what upstream's imager made (fixtures/golden). */
export const SPLASHES = {
  first: { size: 590_538, sha256: 'c2615c96cd796af248b147b48199710f6ff95d893c749aaea2d0a3836b9545a6' },
  second: { size: 640_138, sha256: 'db736eb8a5f1f2b59f9140378a47d14383d5b49ab3704c7ab2042017d5097365' },
} as const

export type DiskGuids = { readonly disk: string; readonly efi: string; readonly meta: string }

/** GUIDs of a raw disk, seen in what upstream's imager made at v1.14.0-rc.1. */
export const DISK_GUIDS: DiskGuids = {
  disk: 'D92D45B3-CDE9-8760-BE9F-A2A71FAC8D11',
  efi: 'BCA5174B-0118-8A6A-AF0B-2C6E1585ACAE',
  meta: 'CF04F137-101E-8EC6-9627-FA3F51CDABB8',
}
