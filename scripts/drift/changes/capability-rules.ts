// Rules that ask for a capability of quirks.ts: they cannot be judged where it is unknown. A test compares this with
// what the rules really do.
import type { Capability } from '#harness/talos/quirks.ts'

export const RULES_OF: Readonly<Record<Capability, readonly string[]>> = {
  embeddedConfigMode: [],
  containerdRuntimePlugin: ['EXT-012'],
  extensionLabels: [],
  extensionPrefixes: ['EXT-007'],
  goYaml: ['EXT-040'],
  initAliases: [],
  initramfsCompression: ['INI-005'],
  diskEnrollsKeys: [],
  diskGuids: ['MED-003'],
  installerProfile: ['UKI-006'],
  isoHasGrub: ['MED-010', 'MED-011', 'MED-013'],
  isoHasRandomSeed: ['MED-005'],
  installerRootfsType: [],
  metalArm64CommandLine: ['UKI-005'],
  moduleEnforcement: ['KRN-004'],
  optionalServices: ['EXT-015'],
  pathsOfEveryMachine: ['EXT-015'],
  profileFields: [],
  publishesInstaller: [],
  secureBootArguments: [],
  services: ['EXT-015'],
  splash: ['UKI-012'],
  tailscaleBringsIptables: ['EXT-013'],
  ukiSectionOrder: ['UKI-002'],
}
