// Extension services that wait for their configuration.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import { placeOfAbsence, type ConfigContext, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'
import { nearest } from '../../contract/findings/edits.ts'

export const judgeServices: ConfigJudge = (facts, context) => [...missing(facts, context), ...unused(facts, context)]

const missing: ConfigJudge = (facts, { variant }) =>
  variant.serviceConfigurations.flatMap((name) => {
    const found = facts.services.find((service) => service.name === name)
    const expected = `an ExtensionServiceConfig document with the name ${name} and environment or configFiles`
    if (found === undefined) {
      // One that is named almost so is meant.
      const other = facts.services.find((one) => one.name === `ext-${name}` || nearest(one.name, [name]) !== undefined)
      const got = facts.services.map((service) => service.name).join(', ') || 'none'
      return [
        {
          at: other?.at ?? placeOfAbsence(facts),
          message: `service ${name} waits for a configuration that is not there`,
          expected,
          got,
        },
      ]
    }
    if (found.environment.length > 0 || found.files > 0) return []
    return [{ at: found.at, message: `the configuration of ${name} is empty`, expected, got: 'neither' }]
  })

/** Documents that no service of the variant takes: harmless, and often meant for another node. */
function unused(facts: MachineConfigFacts, { variant, variantName }: ConfigContext): readonly ConfigFinding[] {
  return facts.services
    .filter(({ name }) => !variant.serviceConfigurations.includes(name))
    .map(({ name, at }) => ({
      at,
      message: `no service of ${variantName} is known to take the configuration of ${name}`,
      kind: 'note',
    }))
}
