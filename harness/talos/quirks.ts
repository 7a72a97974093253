// Differences of Talos releases: named capabilities with the release or pre-release that they begin at, read in upstream's
// sources at that tag and the one before (siderolabs/talos, siderolabs/extensions). No other module compares versions.
// Upstream's own quirks (pkg/machinery/imager/quirks) go by the core version; what an imager writes is decided by its
// code at the tag, so that the pre-releases of a minor differ here.
import semver from 'semver'
import { FormatError } from '../errors.ts'
import { COMMAND_LINES, DISK_GUIDS, PREFIXES, SPLASHES, type DiskGuids, type Splash } from './quirk-values.ts'
import { talosBase } from './talos-version.ts'

/**
 * The range of releases that was read: from the first, up to the second and without it (v1.15.0-alpha.0 is the first
 * tag of another minor).
 */
const OLDEST_KNOWN = '1.10.0'
const FIRST_UNKNOWN = '1.15.0-alpha.0'

/** A release whose sources could not be read, between two that were. */
const UNREAD = Symbol('unread')

type Steps<T> = readonly (readonly [since: string, value: T | typeof UNREAD])[]

/** The way in which a kernel refuses unsigned modules. */
export type ModuleEnforcement = 'configuration' | 'configuration or command line'

/** Names of `usr/bin/init` beside its own, and how they are linked. */
export type InitAliases = { readonly type: 'hard link' | 'symbolic link'; readonly names: readonly string[] }

const ALIASES = ['dashboard', 'poweroff', 'shutdown']
const ALIASES_WITH_REBOOT = ['dashboard', 'poweroff', 'reboot', 'shutdown']

const CAPABILITIES = {
  /**
   * pkg/machinery/kernel/kernel.go: `ima_*` until v1.11.0-alpha.0, module.sig_enforce since v1.12.0-alpha.2,
   * proc_mem.force_override since v1.13.0-alpha.0, init_on_alloc and the nvme timeout until v1.14.0-alpha.0.
   */
  metalArm64CommandLine: [
    ['1.10.0', COMMAND_LINES.ima],
    ['1.11.0-alpha.1', COMMAND_LINES.selinux],
    ['1.12.0-alpha.2', COMMAND_LINES.signatures],
    ['1.13.0-alpha.0', COMMAND_LINES.procMem],
    ['1.14.0-alpha.1', COMMAND_LINES.shorter],
  ] satisfies Steps<string>,

  /**
   * pkg/imager/imager.go: what SecureBoot adds behind the defaults, before extra arguments. v1.14.0-rc.1 still adds it,
   * commit a72281e5b (siderolabs/talos#14088) ends it, v1.14.0 has it not (#14237); v1.14.0-rc.2 was not read.
   */
  secureBootArguments: [
    ['1.10.0', ['lockdown=confidentiality']],
    ['1.14.0-rc.2', UNREAD],
    ['1.14.0', []],
  ] satisfies Steps<readonly string[]>,

  /** internal/pkg/uki: the order of the sections that follow the stub's, those in brackets only where they are made. */
  ukiSectionOrder: [
    ['1.10.0', ['.osrel', '.cmdline', '.uname', '.splash', '.pcrpkey', '.linux', '.initrd', '.profile', '.pcrsig']],
  ] satisfies Steps<readonly string[]>,

  /** pkg/imager/imager.go: the second profile of an installer, and what it appends to the command line. */
  installerProfile: [
    [
      '1.10.0',
      {
        id: 'reset-maintenance',
        title: 'Reset to maintenance mode',
        argument: 'talos.experimental.wipe=system:EPHEMERAL,STATE',
      },
    ],
  ] satisfies Steps<{ readonly id: string; readonly title: string; readonly argument: string }>,

  /**
   * pkg/imager/iso: whether an ISO for arm64 also has GRUB with a kernel and an initramfs of its own, unless it is one
   * for SecureBoot. The pre-releases of 1.12 were not read.
   */
  isoHasGrub: [
    ['1.10.0', true],
    ['1.12.0-alpha.0', UNREAD],
    ['1.12.0', false],
  ] satisfies Steps<boolean>,

  /** siderolabs/talos#14029, pkg/imager/iso/uefi.go: `loader/random-seed` of an ISO, 32 zeros; not at v1.14.0-beta.1. */
  isoHasRandomSeed: [
    ['1.10.0', false],
    ['1.14.0-rc.1', true],
  ] satisfies Steps<boolean>,

  /** cmd/installer/pkg/install/install.go: whether a raw disk for SecureBoot may have keys to enroll, as an ISO may. */
  diskEnrollsKeys: [
    ['1.10.0', false],
    ['1.14.0-alpha.1', true],
  ] satisfies Steps<boolean>,

  /** pkg/imager, internal/pkg/partition: GUIDs of disk, EFI and META that imager writes; random ones before. */
  diskGuids: [
    ['1.10.0', undefined],
    ['1.13.0-alpha.0', UNREAD],
    ['1.13.0', DISK_GUIDS],
  ] satisfies Steps<DiskGuids | undefined>,

  /** pkg/splash/sidero.bmp, the picture of the boot menu: other bytes since v1.12.0-alpha.2. */
  splash: [
    ['1.10.0', SPLASHES.first],
    ['1.12.0-alpha.2', SPLASHES.second],
  ] satisfies Steps<Splash>,

  /** quirk UseZSTDCompression, since Talos 1.8. */
  initramfsCompression: [['1.10.0', 'zstd']] satisfies Steps<string>,

  /** pkg/machinery/extensions/extensions.go: where an extension may install anything but directories. */
  extensionPrefixes: [
    ['1.10.0', PREFIXES.first],
    ['1.12.0-beta.0', PREFIXES.withLoader],
    ['1.13.0-rc.0', PREFIXES.withNvidia],
  ] satisfies Steps<readonly string[]>,

  /**
   * network/tailscale @ extensions: with the host's iptables up to v1.13.0-alpha.1, since v1.13.0-alpha.2 (commit
   * fb4eb04) with a root of its own.
   */
  tailscaleBringsIptables: [
    ['1.10.0', false],
    ['1.13.0-alpha.2', true],
  ] satisfies Steps<boolean>,

  /**
   * PKGS containerd: 2.x since Talos 1.10, whose configuration of version 3 has the runtimes under this key; those of
   * versions 1 and 2 (`cri`, `io.containerd.grpc.v1.cri`) have no effect beside it.
   */
  containerdRuntimePlugin: [['1.10.0', 'io.containerd.cri.v1.runtime']] satisfies Steps<string>,

  /** Makefile, target push: since v1.14.0-alpha.1 upstream pushes no `installer`, and Image Factory makes it. */
  publishesInstaller: [
    ['1.10.0', true],
    ['1.14.0-alpha.1', false],
  ] satisfies Steps<boolean>,

  /** pkg/imager/out.go, commit c9d84ae21: `rootfs.type` in the config that imager writes. */
  installerRootfsType: [
    ['1.10.0', ''],
    ['1.13.0-alpha.1', 'layers'],
  ] satisfies Steps<'' | 'layers'>,

  /** internal/app/machined/pkg/system/services: services that every machine runs, beside the extensions'. */
  services: [
    ['1.10.0', ['apid', 'auditd', 'containerd', 'cri', 'kubelet', 'machined', 'registryd', 'syslogd', 'udevd']],
  ] satisfies Steps<readonly string[]>,

  /**
   * The same folder: services that only a machine with a certain configuration runs. sandboxd: SecurityProfileConfig.
   */
  optionalServices: [
    ['1.10.0', ['dashboard', 'etcd', 'trustd']],
    ['1.14.0-beta.0', ['dashboard', 'etcd', 'sandboxd', 'trustd']],
  ] satisfies Steps<readonly string[]>,

  /**
   * Paths that are there on every machine before extension services start, of those that services wait for:
   * machined's socket (pkg/machinery/constants, MachineSocketPath), the authorities of the root filesystem (Dockerfile),
   * the name that the machine has as an iSCSI initiator (internal/app/machined/pkg/controllers/files/iqn.go), and the
   * device mapper's (P kernel/build/config-arm64: BLK_DEV_DM=y, DEVTMPFS=y). Read at v1.10.3, v1.11.5, v1.12.9, v1.13.9
   * and release-1.14.
   */
  pathsOfEveryMachine: [
    [
      '1.10.0',
      ['/dev/mapper/control', '/etc/iscsi/initiatorname.iscsi', '/etc/ssl/certs', '/system/run/machined/machine.sock'],
    ],
  ] satisfies Steps<readonly string[]>,

  /** module.sig_enforce on the command line since v1.12.0-alpha.2; P kernel/build/config-arm64: MODULE_SIG_FORCE. */
  moduleEnforcement: [
    ['1.10.0', 'configuration'],
    ['1.12.0-alpha.2', 'configuration or command line'],
  ] satisfies Steps<ModuleEnforcement>,

  /** pkg/imager/embed.go: the mode of `usr/local/etc/talos/config.yaml`; undefined where nothing can be embedded. */
  embeddedConfigMode: [
    ['1.10.0', undefined],
    ['1.12.0-alpha.1', 0o000],
    ['1.13.0-rc.0', 0o400],
  ] satisfies Steps<number | undefined>,

  /** pkg/archiver/untar.go, commit 493f7ed9d: whether imager keeps the SELinux labels of an extension's files. */
  extensionLabels: [
    ['1.10.0', false],
    ['1.12.0-alpha.1', true],
  ] satisfies Steps<boolean>,

  /** pkg/imager/profile/{profile,input}.go: fields that an imager profile may still have, of those that went away. */
  profileFields: [
    ['1.10.0', ['board', 'dtb', 'rpiFirmware', 'uBoot']],
    ['1.13.0-alpha.1', []],
  ] satisfies Steps<readonly string[]>,

  /** Dockerfile, stage rootfs-base: the branch of 1.14 forked before commit 58a78fe22. */
  initAliases: [
    ['1.10.0', { type: 'hard link', names: ALIASES }],
    ['1.13.7', { type: 'symbolic link', names: ALIASES_WITH_REBOOT }],
    ['1.14.0-alpha.0', { type: 'hard link', names: ALIASES }],
    ['1.14.0-beta.0', { type: 'symbolic link', names: [...ALIASES_WITH_REBOOT, 'sandboxd'].toSorted() }],
  ] satisfies Steps<InitAliases>,

  /** go.mod of each tag: what writes extensions.yaml. Up to 1.12 a fork (github.com/unix4ever/yaml) of the library. */
  goYaml: [
    ['1.10.0', 'gopkg.in/yaml.v3'],
    ['1.12.0-beta.0', 'go.yaml.in/yaml/v4 v4.0.0-rc.3'],
    ['1.13.0-alpha.2', 'go.yaml.in/yaml/v4 v4.0.0-rc.4'],
    ['1.14.0-alpha.2', 'go.yaml.in/yaml/v4 v4.0.0-rc.5'],
    ['1.14.0-beta.0', 'go.yaml.in/yaml/v4 v4.0.0-rc.6'],
  ] satisfies Steps<string>,
} as const

export type Capability = keyof typeof CAPABILITIES

export type Quirks = {
  readonly [Name in Capability]: Exclude<(typeof CAPABILITIES)[Name][number][1], typeof UNREAD>
}

export const CAPABILITY_NAMES = Object.keys(CAPABILITIES).toSorted() as readonly Capability[]

/**
 * The capabilities of one Talos version; a development build has those of the release that it is built from. A
 * capability that is not known throws FormatError UNSUPPORTED, which makes the rule that asked for it inconclusive.
 */
export function quirksOf(talos: string): Quirks {
  const version = talosBase(talos)
  const known = version !== undefined && semver.gte(version, OLDEST_KNOWN) && semver.lt(version, FIRST_UNKNOWN)
  const valueOf = (name: Capability): unknown => {
    const steps: Steps<unknown> = CAPABILITIES[name]
    const step = known ? steps.findLast(([since]) => semver.lte(since, version)) : undefined
    if (step !== undefined && step[1] !== UNREAD) return step[1]
    const until = step === undefined ? undefined : steps[steps.indexOf(step) + 1]?.[0]
    throw new FormatError(
      'talos',
      'UNSUPPORTED',
      until === undefined
        ? `capability ${name} is known for ${OLDEST_KNOWN} up to, not with, ${FIRST_UNKNOWN}, got ${talos}`
        : `capability ${name} is not known from ${step?.[0]} up to, not with, ${until}, got ${talos}`,
    )
  }
  const quirks = {}
  for (const name of CAPABILITY_NAMES)
    Object.defineProperty(quirks, name, { enumerable: true, get: () => valueOf(name) })
  return quirks as Quirks
}
