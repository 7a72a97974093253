// Secrets in files that are kept and shared like code.
import type { ConfigJudge } from '../../support/config-rule.ts'

export const judgeSecrets: ConfigJudge = ({ secrets }) => {
  const own = secrets.filter(({ owner }) => owner === 'talos')
  const [first] = own
  return [
    ...secrets
      .filter(({ owner }) => owner === 'person')
      .map(({ field, at }) => ({
        at,
        message: 'a secret is in the file',
        expected: 'a reference such as ${NAME}',
        got: `${field}, with its value`,
      })),
    ...(first === undefined
      ? []
      : [
          {
            at: first.at,
            message: `keys and tokens that Talos generated occur in the files (${own.length}): keep them out of public places`,
            kind: 'note' as const,
          },
        ]),
  ]
}
