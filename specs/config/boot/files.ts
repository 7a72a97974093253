// Files that Talos writes in the boot sequence, and the variables that it sets before: what stops it.
import { CRI_PART, type WrittenFile } from '#harness/machine-config/node-facts.ts'
import { isUnknown, unknownValue, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'

const OPERATIONS = ['create', 'overwrite', 'append']
/** Manifests of static pods go to a folder of their own, which is in /etc (constants.ManifestsDirectory). */
const MANIFESTS = '/etc/kubernetes/manifests/'
/** Files of /etc that the root filesystem has (Dockerfile of siderolabs/talos v1.11.6 to v1.14.0-rc.1). */
const PRESENT = new Set([
  ...`/etc/hosts /etc/machine-id /etc/resolv.conf /etc/os-release /etc/extensions.yaml /etc/nvme/hostid /etc/nvme/hostnqn
    /etc/ssl/certs/ca-certificates.crt /etc/cri/conf.d/00-base.part /etc/cri/conf.d/01-registries.part
    /etc/cri/conf.d/cri.toml /etc/cri/conf.d/base-spec.json /etc/iscsi/initiatorname.iscsi /etc/lvm/lvm.conf`.split(
    /\s+/,
  ),
  CRI_PART,
])

export const judgeFiles: ConfigJudge = ({ node }) => node.files.flatMap(judgeFile)

function judgeFile({ path, op, at }: WrittenFile): readonly ConfigFinding[] {
  const place = path?.at ?? at
  const operation = op?.value ?? ''
  if (op !== undefined && isUnknown(operation)) return [unknownValue('the operation of a file', op)]
  if (!OPERATIONS.includes(operation))
    return [
      {
        at: operation === '' ? place : (op?.at ?? place),
        message:
          operation === ''
            ? 'the file has no operation (op)'
            : 'the file has an operation (op) that Talos does not know',
        expected: OPERATIONS.join(', '),
        got: operation === '' ? 'none' : operation,
      },
    ]
  const name = path?.value ?? ''
  if (path !== undefined && isUnknown(name)) return [unknownValue('the path of a file', path)]
  if (operation !== 'create')
    return PRESENT.has(name)
      ? []
      : [
          {
            at: place,
            message: `Talos stops the boot unless ${name === '' ? 'the file' : name} is there already, on the first boot too`,
            kind: 'note',
          },
        ]
  if (name === CRI_PART || name.startsWith(MANIFESTS) || isInVar(name)) return []
  return [
    {
      at: place,
      message: 'a file is created outside of /var',
      expected: `a path below /var/, or ${CRI_PART} for containerd`,
      got: name === '' ? 'no path' : name,
    },
  ]
}

/** Recognises a path in /var as Talos does: its first part is var. */
function isInVar(path: string): boolean {
  return path.replace(/^\/+/, '').split('/')[0] === 'var'
}

export const judgeVariables: ConfigJudge = ({ node }) =>
  node.environment
    .filter(({ name, value }) => name === '' || name.startsWith('=') || /\0/.test(name + value))
    .map(({ name, nameAt }) => ({
      at: nameAt,
      message: name === '' ? 'a variable has no name' : 'a variable has a name that the system refuses',
      expected: 'a name such as HTTPS_PROXY',
      got: JSON.stringify(name),
    }))
