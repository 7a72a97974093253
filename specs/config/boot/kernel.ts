// Fields that a node cannot apply: settings of the kernel, limits of containers, disks.
import { nearest } from '../../contract/findings/edits.ts'
import { isUnknown, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { doubtParameters, doubtSettings } from './known-names.ts'

/** Folders of /proc/sys on Linux 6.12 to 6.18 (Documentation/admin-guide/sysctl/index.rst). */
const SYSCTL_ROOTS = ['abi', 'crypto', 'debug', 'dev', 'fs', 'kernel', 'net', 'sunrpc', 'user', 'vm']
/**
 * Names of the limits that runc knows: libcontainer/configs/validate and utils_linux.go of opencontainers/runc v1.3.4.
 */
const LIMITS = `AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK`
  .split(' ')
  .map((name) => `RLIMIT_${name}`)
/** Block devices as drivers and udev name them (Documentation/admin-guide/devices.txt of Linux 6.12; udev's rules). */
const DEVICE =
  /^\/dev\/(?:sd[a-z]{1,3}|vd[a-z]{1,2}|xvd[a-z]{1,2}|hd[a-z]|nvme\d{1,3}n\d{1,3}|mmcblk\d{1,2}|md\d{1,3}|nbd\d{1,2}|loop\d{1,3}|ram\d{1,2}|dm-\d{1,3}|disk\/by-[a-z-]+\/.+|mapper\/.+|md\/.+|[\w.-]+\/[\w.-]+)$/

export const judgeKernel: ConfigJudge = (facts) => {
  const { modules, node } = facts
  return [
    ...modules
      .filter(({ name }) => !isUnknown(name) && (!/^[\w.-]+$/.test(name) || name.endsWith('.ko')))
      .map(({ name, at }) => ({
        at,
        message: 'no kernel module has such a name: loading it is tried again for ever',
        expected: 'the name alone, such as openvswitch',
        got: name === '' ? 'an empty name' : name,
      })),
    ...node.sysctls.flatMap(({ name, nameAt }) => sysctl(name, nameAt)),
    ...node.limits
      .filter(({ value }) => !isUnknown(value) && !LIMITS.includes(value))
      .map(({ value, at }) => {
        const near = nearest(value, LIMITS)
        return {
          at,
          message: 'runc knows no such limit: no container starts with it',
          expected: near ?? LIMITS.join(', '),
          got: value,
        }
      }),
    ...doubtSettings(facts),
    ...doubtParameters(facts),
  ]
}

/** Talos takes dots or slashes, whichever comes first, for what separates folders (pkg/machinery/kernel). */
function sysctl(name: string, at: ConfigFinding['at']): readonly ConfigFinding[] {
  const [root = '', ...rest] = name.split(/[./]/)
  if (isUnknown(name) || (SYSCTL_ROOTS.includes(root) && rest.length > 0 && rest.every((part) => part !== '')))
    return []
  return [
    {
      at,
      message: 'the kernel has no such setting: writing it is tried again for ever',
      expected: `a name below ${SYSCTL_ROOTS.join(', ')}, such as vm.nr_hugepages`,
      got: name === '' ? 'an empty name' : name,
    },
  ]
}

export const judgeDisks: ConfigJudge = ({ node }) => [
  ...node.devices
    .filter(({ value }) => value !== '' && !isUnknown(value) && !DEVICE.test(value))
    .map(({ value, at }) => ({
      at,
      message: 'no driver names a disk so: the installation fails, or the boot waits for the disk for ever',
      expected: '/dev/sda, /dev/nvme0n1, /dev/disk/by-id/…',
      got: value,
    })),
  ...node.diskSelectors.map(({ value, at, volume }): ConfigFinding => {
    if (/^\s*false\s*$/.test(value))
      return {
        at,
        message: `no disk matches: the boot waits for ${volume} for ever`,
        expected: 'an expression that a disk matches',
        got: value,
      }
    return {
      at,
      message: `the boot waits for ${volume} for as long as no disk matches; only the node knows its disks`,
      kind: 'note',
    }
  }),
]
