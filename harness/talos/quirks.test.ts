import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { CAPABILITY_NAMES, quirksOf, type Capability, type Quirks } from './quirks.ts'

type Step = readonly [name: Capability, before: string, since: string, was: string, is: string]

/** Each value as one line; a list by how it ends and how long it is. */
function show(value: Quirks[Capability]): string {
  if (typeof value === 'string') return value.replace('talos.platform=metal console=ttyAMA0 console=tty0 ', '')
  if (typeof value === 'number') return `0${value.toString(8).padStart(3, '0')}`
  if (typeof value === 'object' && 'length' in value) return `${value.length}: ${value.slice(-1).join()}`
  if (typeof value === 'object' && 'disk' in value) return `disk ${value.disk.slice(0, 8)}`
  if (typeof value === 'object' && 'sha256' in value) return `${value.size} bytes ${value.sha256.slice(0, 8)}`
  return typeof value === 'object' && 'type' in value ? `${value.type}: ${value.names.join(' ')}` : String(value)
}

const HARDENING = 'slab_nomerge pti=on consoleblank=0'
const NVME = 'nvme_core.io_timeout=4294967295 printk.devkmsg=on'
const IMA = 'ima_template=ima-ng ima_appraise=fix ima_hash=sha512'

/** The last tag before a change and the first with it, as upstream's repositories have them. */
const STEPS: readonly Step[] = [
  [
    'metalArm64CommandLine',
    'v1.10.9',
    'v1.11.0-alpha.1',
    `init_on_alloc=1 ${HARDENING} ${NVME} ${IMA} selinux=1`,
    `init_on_alloc=1 ${HARDENING} ${NVME} selinux=1`,
  ],
  [
    'metalArm64CommandLine',
    'v1.12.0-alpha.1',
    'v1.12.0-alpha.2',
    `init_on_alloc=1 ${HARDENING} ${NVME} selinux=1`,
    `init_on_alloc=1 ${HARDENING} ${NVME} selinux=1 module.sig_enforce=1`,
  ],
  [
    'metalArm64CommandLine',
    'v1.12.11',
    'v1.13.0-alpha.0',
    `init_on_alloc=1 ${HARDENING} ${NVME} selinux=1 module.sig_enforce=1`,
    `init_on_alloc=1 ${HARDENING} ${NVME} selinux=1 module.sig_enforce=1 proc_mem.force_override=never`,
  ],
  [
    'metalArm64CommandLine',
    'v1.14.0-alpha.0',
    'v1.14.0-alpha.1',
    `init_on_alloc=1 ${HARDENING} ${NVME} selinux=1 module.sig_enforce=1 proc_mem.force_override=never`,
    `${HARDENING} printk.devkmsg=on selinux=1 module.sig_enforce=1 proc_mem.force_override=never`,
  ],
  ['extensionPrefixes', 'v1.12.0-alpha.2', 'v1.12.0-beta.0', '10: etc/vulkan', '11: usr/lib/ld-linux-aarch64.so.1'],
  ['extensionPrefixes', 'v1.13.0-beta.1', 'v1.13.0-rc.0', '11: usr/lib/ld-linux-aarch64.so.1', '19: usr/bin/nvme'],
  ['splash', 'v1.12.0-alpha.1', 'v1.12.0-alpha.2', '590538 bytes c2615c96', '640138 bytes db736eb8'],
  ['tailscaleBringsIptables', 'v1.13.0-alpha.1', 'v1.13.0-alpha.2', 'false', 'true'],
  ['publishesInstaller', 'v1.14.0-alpha.0', 'v1.14.0-alpha.1', 'true', 'false'],
  ['installerRootfsType', 'v1.13.0-alpha.0', 'v1.13.0-alpha.1', '', 'layers'],
  ['optionalServices', 'v1.14.0-alpha.2', 'v1.14.0-beta.0', '3: trustd', '4: trustd'],
  ['moduleEnforcement', 'v1.12.0-alpha.1', 'v1.12.0-alpha.2', 'configuration', 'configuration or command line'],
  ['embeddedConfigMode', 'v1.12.0-alpha.0', 'v1.12.0-alpha.1', 'undefined', '0000'],
  ['embeddedConfigMode', 'v1.13.0-beta.1', 'v1.13.0-rc.0', '0000', '0400'],
  // The pre-releases between were not read.
  ['isoHasGrub', 'v1.11.6', 'v1.12.0', 'true', 'false'],
  ['isoHasRandomSeed', 'v1.14.0-beta.1', 'v1.14.0-rc.1', 'false', 'true'],
  ['diskEnrollsKeys', 'v1.14.0-alpha.0', 'v1.14.0-alpha.1', 'false', 'true'],
  ['diskGuids', 'v1.12.11', 'v1.13.0', 'undefined', 'disk D92D45B3'],
  ['extensionLabels', 'v1.12.0-alpha.0', 'v1.12.0-alpha.1', 'false', 'true'],
  ['goYaml', 'v1.12.0-alpha.2', 'v1.12.0-beta.0', 'gopkg.in/yaml.v3', 'go.yaml.in/yaml/v4 v4.0.0-rc.3'],
  ['goYaml', 'v1.13.0-alpha.1', 'v1.13.0-alpha.2', 'go.yaml.in/yaml/v4 v4.0.0-rc.3', 'go.yaml.in/yaml/v4 v4.0.0-rc.4'],
  ['goYaml', 'v1.14.0-alpha.1', 'v1.14.0-alpha.2', 'go.yaml.in/yaml/v4 v4.0.0-rc.4', 'go.yaml.in/yaml/v4 v4.0.0-rc.5'],
  ['goYaml', 'v1.14.0-alpha.2', 'v1.14.0-beta.0', 'go.yaml.in/yaml/v4 v4.0.0-rc.5', 'go.yaml.in/yaml/v4 v4.0.0-rc.6'],
  ['profileFields', 'v1.13.0-alpha.0', 'v1.13.0-alpha.1', '4: uBoot', '0: '],
  [
    'initAliases',
    'v1.13.6',
    'v1.13.7',
    'hard link: dashboard poweroff shutdown',
    'symbolic link: dashboard poweroff reboot shutdown',
  ],
  [
    'initAliases',
    'v1.13.9',
    'v1.14.0-alpha.0',
    'symbolic link: dashboard poweroff reboot shutdown',
    'hard link: dashboard poweroff shutdown',
  ],
  [
    'initAliases',
    'v1.14.0-alpha.2',
    'v1.14.0-beta.0',
    'hard link: dashboard poweroff shutdown',
    'symbolic link: dashboard poweroff reboot sandboxd shutdown',
  ],
]

/** The same from v1.10.0 to v1.14. */
const CONSTANT: readonly Capability[] = ['initramfsCompression', 'installerProfile', 'services', 'ukiSectionOrder']
/** Not known throughout: below. */
const SECURE_BOOT: Capability = 'secureBootArguments'

const ALL_TAGS = `
  v1.10.0 v1.11.0-alpha.1 v1.11.6 v1.12.0-alpha.1 v1.12.0-alpha.2 v1.12.0-beta.0 v1.12.0 v1.12.11
  v1.13.0-alpha.0 v1.13.0-alpha.1 v1.13.0-alpha.2 v1.13.0-beta.1 v1.13.0-rc.0 v1.13.0 v1.13.6 v1.13.7
  v1.14.0-alpha.0 v1.14.0-alpha.1 v1.14.0-alpha.2 v1.14.0-beta.0 v1.14.0-rc.1 v1.14.0 v1.14.2
`
  .trim()
  .split(/\s+/)

const UNREAD = 'unread'

/** As JSON, or `UNREAD`. */
function valueAt(talos: string, name: Capability): string {
  try {
    return JSON.stringify(quirksOf(talos)[name]) ?? 'undefined'
  } catch (error) {
    if (error instanceof FormatError && error.code === 'UNSUPPORTED') return UNREAD
    throw error
  }
}

describe('quirksOf', () => {
  it.each(STEPS)('knows that %s changes between %s and %s', (name, before, since, was, is) => {
    expect([show(quirksOf(before)[name]), show(quirksOf(since)[name])]).toEqual([was, is])
  })

  it('has no step that is not tested here, and none between the tested ones', () => {
    for (const name of CAPABILITY_NAMES.filter((one) => one !== SECURE_BOOT)) {
      const values = ALL_TAGS.map((tag) => [tag, valueAt(tag, name)] as const).filter(([, value]) => value !== UNREAD)
      const changes = values.flatMap(([tag, value], at) => (at > 0 && value !== values[at - 1]?.[1] ? [tag] : []))
      const tested = ALL_TAGS.filter((tag) => STEPS.some(([own, , since]) => own === name && since === tag))
      expect([name, changes]).toEqual([name, CONSTANT.includes(name) ? [] : tested])
    }
  })

  it('knows what SecureBoot adds up to v1.14.0-rc.1 and from v1.14.0 on', async () => {
    expect(quirksOf('v1.10.0').secureBootArguments).toEqual(['lockdown=confidentiality'])
    expect(quirksOf('v1.14.0-rc.1').secureBootArguments).toEqual(['lockdown=confidentiality'])
    expect(quirksOf('v1.14.0').secureBootArguments).toEqual([])
    const error = await expectCode(() => quirksOf('v1.14.0-rc.2').secureBootArguments, FormatError, 'UNSUPPORTED')
    expect(error.message).toBe(
      'talos: capability secureBootArguments is not known from 1.14.0-rc.2 up to, not with, 1.14.0, got v1.14.0-rc.2',
    )
  })

  it.each([
    ['v1.13.7-3-gabcdef0-dirty', 'v1.13.7'],
    ['v1.14.0-alpha.1-12-gabcdef0', 'v1.14.0-alpha.1'],
    ['v1.14.0-dirty', 'v1.14.0'],
  ])('takes %s as what it is built from, %s', (development, base) => {
    for (const name of CAPABILITY_NAMES) expect(valueAt(development, name)).toBe(valueAt(base, name))
  })

  it.each([
    'v1.9.5',
    'v1.10.0-rc.0',
    'v1.15.0-alpha.0',
    'v1.15.0-alpha.0-3-gabcdef0',
    'v1.15.0',
    'v2.0.0',
    'no version',
  ])('names the capability that is unknown for %s', async (talos) => {
    const error = await expectCode(() => quirksOf(talos).ukiSectionOrder, FormatError, 'UNSUPPORTED')
    expect(error.message).toContain(
      `capability ukiSectionOrder is known for 1.10.0 up to, not with, 1.15.0-alpha.0, got ${talos}`,
    )
  })
})
