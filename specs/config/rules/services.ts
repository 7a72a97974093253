// Extension services that wait for their configuration.
import { placeOfAbsence, type ConfigJudge } from '../../support/config-rule.ts'

export const judgeServices: ConfigJudge = (facts, { variant }) =>
  variant.serviceConfigurations.flatMap((name) => {
    const found = facts.services.find((service) => service.name === name)
    const expected = `an ExtensionServiceConfig document with the name ${name} and environment or configFiles`
    if (found === undefined) {
      const [other] = facts.services
      const got = facts.services.map((service) => service.name).join(', ') || 'none'
      return [
        {
          at: other?.name === `ext-${name}` ? other.at : placeOfAbsence(facts),
          message: `service ${name} waits for a configuration that is not there`,
          expected,
          got,
        },
      ]
    }
    if (found.environment.length > 0 || found.files > 0) return []
    return [{ at: found.at, message: `the configuration of ${name} is empty`, expected, got: 'neither' }]
  })
