// The policy by which a node takes images: ImageVerificationConfig, since Talos 1.13. The first rule that matches counts;
// `*` matches anything (pkg/machinery/resources/security/image_verification_rule.go, v1.13.9).
import type { ImageRule } from '#harness/machine-config/node-facts.ts'
import type { MachineConfigFacts, Placed } from '#harness/machine-config/facts.ts'
import { isUnknown, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { judgeVerifier } from './image-signers.ts'

/** Images that Talos takes where a configuration names none (pkg/machinery/constants). */
const KUBELET = 'ghcr.io/siderolabs/kubelet'

export const judgeDeniedImages: ConfigJudge = (facts) => {
  const { imageRules, kubeletImage } = facts.node
  const needed: readonly (readonly [what: string, image: string])[] = [
    ['kubelet', kubeletImage?.value ?? KUBELET],
    ...installImages(facts).map(({ value }) => ['the installer', value] as const),
  ]
  return needed.flatMap(([what, image]) => {
    const rule = isUnknown(image) ? undefined : ruleOf(image, imageRules)
    if (rule?.deny === undefined || !isTrue(rule.deny)) return []
    return [
      {
        at: rule.deny.at,
        message: `the image of ${what} is denied`,
        expected: 'a rule before this one that takes it',
        got: repositoryOf(image),
      },
    ]
  })
}

/** Nothing to judge where no rule is there at all: then Talos verifies no image. */
export const judgeSigners: ConfigJudge = (facts, { contract }) => {
  const { imageRules } = facts.node
  const [first] = imageRules
  if (first === undefined) return []
  return installImages(facts).flatMap(({ value }): readonly ConfigFinding[] => {
    if (isUnknown(value)) return []
    const rule = ruleOf(value, imageRules)
    if (rule === undefined)
      return [
        {
          at: first.pattern.at,
          message: `no rule is for the image of this node, ${repositoryOf(value)}: it is taken without regard to its signer`,
          kind: 'note',
        },
      ]
    if (rule.skip === undefined || !isTrue(rule.skip)) return judgeVerifier(rule, contract.signing.signers)
    return [
      {
        at: rule.skip.at,
        message: 'the image of this node is taken without regard to its signer',
        expected: 'a rule before this one, with the signers of the contract (signing.signers)',
        got: `${rule.pattern.value}: skip`,
      },
    ]
  })
}

function installImages({ installs }: MachineConfigFacts): readonly Placed[] {
  return installs.flatMap(({ image }) => image ?? [])
}

function ruleOf(image: string, rules: readonly ImageRule[]): ImageRule | undefined {
  const name = repositoryOf(image)
  return rules.find(({ pattern }) => matches(pattern.value, name))
}

/** Registry and repository, without tag and digest. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
}

/** Each part between `*` in its order, the first and the last at the ends: nothing that could run for long. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*')
  const [first = '', ...rest] = parts
  if (rest.length === 0) return pattern === name
  const last = rest.pop() ?? ''
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > name.length - last.length) return false
    at = found + part.length
  }
  return true
}

function isTrue({ value }: Placed): boolean {
  return /^(?:true|yes|on|y)$/i.test(value)
}
