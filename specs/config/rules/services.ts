// Extension services that wait for their configuration: siderolabs/talos pkg/machinery/extensions/services.
import type { ConfigRule } from '../rule.ts'
import { placeOfAbsence } from '../rule.ts'

export const SERVICE_RULES: readonly ConfigRule[] = [
  {
    id: 'CFG-001',
    level: 'must',
    sentence: 'every extension service that needs configuration has its ExtensionServiceConfig document',
    fix: 'add the document, its name that of the service without ext-: without it the service waits and Talos reboots the node after 70 minutes',
    needs: [],
    judge: (facts, { variant }) =>
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
      }),
  },
]
