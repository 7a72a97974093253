// Arguments of the kubelet that it does not know, at which it exits before it reads anything else.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { nearest } from '../../contract/findings/edits.ts'
import { isUnknown, type ConfigContext, type ConfigJudge } from '../../support/config-rule.ts'
import { KUBELET_FLAGS } from '../upstream/fields.ts'
import { targetMinor } from '../validity/target.ts'

/** The version that Talos installs where no image is named: DefaultKubernetesVersion of v1.11.6, v1.12.7, v1.13.9, v1.14.1. */
const DEFAULT_KUBERNETES: Readonly<Record<string, string>> = {
  '1.11': '1.34',
  '1.12': '1.35',
  '1.13': '1.36',
  '1.14': '1.37',
}
/** `1.34` of `ghcr.io/siderolabs/kubelet:v1.34.1@sha256:…`. */
const MINOR_OF_TAG = /:v?(\d+\.\d+)\.\d+[^@/:]*(?:@|$)/

/** Judges kubelet flags; with a version that is not in the data, a flag that no version has is a note: another may have it. */
export const judgeKubeletFlags: ConfigJudge = (facts, context) => {
  const version = kubernetesOf(facts, context)
  const exact = version === undefined ? undefined : KUBELET_FLAGS[version]
  const known = exact ?? [...new Set(Object.values(KUBELET_FLAGS).flat())]
  return facts.node.arguments.kubelet
    .map((argument) => ({ ...argument, flag: argument.name.replaceAll('_', '-') }))
    .filter(({ name, flag }) => !isUnknown(name) && !known.includes(flag))
    .map(({ flag, nameAt: at }) => {
      const near = nearest(flag, known)
      return exact === undefined
        ? {
            at,
            message: `no kubelet of Kubernetes ${Object.keys(KUBELET_FLAGS).join(', ')} has an argument --${flag}, and one that does not know it exits`,
            kind: 'note' as const,
          }
        : {
            at,
            message: `the kubelet of Kubernetes ${version} has no argument --${flag}, and exits at once`,
            expected: near === undefined ? 'an argument that it has' : `--${near}`,
            got: `--${flag}`,
          }
    })
}

function kubernetesOf(facts: MachineConfigFacts, context: ConfigContext): string | undefined {
  const { kubeletImage } = facts.node
  if (kubeletImage !== undefined && kubeletImage.value !== '') return MINOR_OF_TAG.exec(kubeletImage.value)?.[1]
  return DEFAULT_KUBERNETES[targetMinor(facts, context) ?? '']
}
