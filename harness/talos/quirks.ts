// How Talos minors differ: named capabilities with the version they begin at (siderolabs/talos
// pkg/machinery/imager/quirks is the model). Nobody else in this project compares versions.
import semver from 'semver'
import { FormatError } from '../errors.ts'

/** The first and the last minor whose behaviour was read in upstream's sources (v1.10.0 … v1.14.0-rc.1). */
const OLDEST_KNOWN = '1.10.0'
const FIRST_UNKNOWN = '1.15.0'

type Steps<T> = readonly (readonly [since: string, value: T])[]

/** How a kernel refuses unsigned modules. */
export type ModuleEnforcement = 'configuration' | 'configuration or command line'

const commandLineOf = (...groups: readonly string[]): string => groups.join(' ')
const CONSOLES = 'talos.platform=metal console=ttyAMA0 console=tty0'
const HARDENING = 'slab_nomerge pti=on consoleblank=0'
const NVME = 'nvme_core.io_timeout=4294967295'

const PREFIXES_1_10 = [
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
const PREFIXES_1_12 = ['usr/lib/ld-linux-aarch64.so.1']
const PREFIXES_1_13 = [
  'etc/ld.so.conf',
  'etc/ld.so.cache',
  'usr/bin/nvidia-modprobe',
  'usr/bin/nvidia-pcc',
  'usr/bin/nvidia-smi',
  'usr/bin/nvidia-ctk',
  'usr/bin/nvidia-cdi-hook',
  'usr/bin/nvme',
]

const CAPABILITIES = {
  /** pkg/imager/imager_test.go @ main: golden command lines of metal/arm64. */
  metalArm64CommandLine: [
    [
      '1.10.0',
      commandLineOf(
        CONSOLES,
        'init_on_alloc=1',
        HARDENING,
        NVME,
        'printk.devkmsg=on ima_template=ima-ng ima_appraise=fix ima_hash=sha512 selinux=1',
      ),
    ],
    ['1.11.0', commandLineOf(CONSOLES, 'init_on_alloc=1', HARDENING, NVME, 'printk.devkmsg=on selinux=1')],
    [
      '1.12.0',
      commandLineOf(CONSOLES, 'init_on_alloc=1', HARDENING, NVME, 'printk.devkmsg=on selinux=1 module.sig_enforce=1'),
    ],
    [
      '1.13.0',
      commandLineOf(
        CONSOLES,
        'init_on_alloc=1',
        HARDENING,
        NVME,
        'printk.devkmsg=on selinux=1 module.sig_enforce=1 proc_mem.force_override=never',
      ),
    ],
    [
      '1.14.0',
      commandLineOf(
        CONSOLES,
        HARDENING,
        'printk.devkmsg=on selinux=1 module.sig_enforce=1 proc_mem.force_override=never',
      ),
    ],
  ] satisfies Steps<string>,

  /** pkg/imager/imager.go: what SecureBoot adds behind the defaults, before extra arguments. */
  secureBootArguments: [['1.10.0', ['lockdown=confidentiality']]] satisfies Steps<readonly string[]>,

  /** internal/pkg/uki: the order of the sections that follow the stub's, those in brackets only where they are made. */
  ukiSectionOrder: [
    ['1.10.0', ['.osrel', '.cmdline', '.uname', '.splash', '.pcrpkey', '.linux', '.initrd', '.profile', '.pcrsig']],
  ] satisfies Steps<readonly string[]>,

  /** pkg/imager/imager.go: the second profile of an installer, and what it appends to the command line. */
  installerProfile: [
    ['1.10.0', { id: 'reset-maintenance', argument: 'talos.experimental.wipe=system:EPHEMERAL,STATE' }],
  ] satisfies Steps<{ readonly id: string; readonly argument: string }>,

  /** quirk UseZSTDCompression, since Talos 1.8. */
  initramfsCompression: [['1.10.0', 'zstd']] satisfies Steps<string>,

  /** pkg/machinery/extensions/extensions.go: where an extension may install anything but directories. */
  extensionPrefixes: [
    ['1.10.0', PREFIXES_1_10],
    ['1.12.0', [...PREFIXES_1_10, ...PREFIXES_1_12]],
    ['1.13.0', [...PREFIXES_1_10, ...PREFIXES_1_12, ...PREFIXES_1_13]],
  ] satisfies Steps<readonly string[]>,

  /** E network/tailscale: up to 1.12 tailscale uses the host's iptables, since 1.13 it has a root of its own. */
  tailscaleBringsIptables: [
    ['1.10.0', false],
    ['1.13.0', true],
  ] satisfies Steps<boolean>,

  /** hack/release.toml @ v1.14.0-rc.1, Makefile: since 1.14 upstream pushes no `installer`, and the factory makes it. */
  publishesInstaller: [
    ['1.10.0', true],
    ['1.14.0', false],
  ] satisfies Steps<boolean>,

  /** internal/app/machined/pkg/system/services: services that every machine runs, beside the extensions'. */
  services: [
    ['1.10.0', ['apid', 'auditd', 'containerd', 'cri', 'kubelet', 'machined', 'registryd', 'syslogd', 'udevd']],
  ] satisfies Steps<readonly string[]>,

  /** P kernel/build/config-arm64: MODULE_SIG_FORCE=y through 1.12.6, module.sig_enforce=1 since 1.12.0. */
  moduleEnforcement: [
    ['1.10.0', 'configuration'],
    ['1.12.0', 'configuration or command line'],
  ] satisfies Steps<ModuleEnforcement>,
} as const

export type Quirks = { readonly [Name in keyof typeof CAPABILITIES]: (typeof CAPABILITIES)[Name][number][1] }

/**
 * The capabilities of one Talos version. A capability of a minor that is not known here throws FormatError
 * UNSUPPORTED, which makes the rule that asked for it inconclusive.
 */
export function quirksOf(talos: string): Quirks {
  const version = semver.parse(talos)
  const core = version === null ? undefined : `${version.major}.${version.minor}.${version.patch}`
  const known = core !== undefined && semver.gte(core, OLDEST_KNOWN) && semver.lt(core, FIRST_UNKNOWN)
  const valueOf = (name: keyof typeof CAPABILITIES): unknown => {
    if (!known)
      throw new FormatError(
        'talos',
        'UNSUPPORTED',
        `capability ${name} is known for ${OLDEST_KNOWN} up to, not with, ${FIRST_UNKNOWN}, got ${talos}`,
      )
    return CAPABILITIES[name].findLast(([since]) => semver.lte(since, core))?.[1]
  }
  const quirks = {}
  for (const name of Object.keys(CAPABILITIES) as (keyof typeof CAPABILITIES)[])
    Object.defineProperty(quirks, name, { enumerable: true, get: () => valueOf(name) })
  return quirks as Quirks
}
