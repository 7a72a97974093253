// Secrets in files that are kept and shared like code.
import type { ConfigRule } from '../rule.ts'

export const SECRET_RULES: readonly ConfigRule[] = [
  {
    id: 'CFG-006',
    level: 'must',
    sentence: 'no secret that a person put there stands in the files',
    fix: 'replace it by a reference that is filled in when the configuration is applied, such as ${TS_AUTHKEY}, and revoke it: who has read the file has it',
    needs: [],
    judge: ({ secrets }) => {
      const own = secrets.filter(({ owner }) => owner === 'talos')
      const [first] = own
      return [
        ...secrets
          .filter(({ owner }) => owner === 'person')
          .map(({ field, at }) => ({
            at,
            message: 'a secret stands in the file',
            expected: 'a reference such as ${NAME}',
            got: `${field}, with its value`,
          })),
        ...(first === undefined
          ? []
          : [
              {
                at: first.at,
                message: `keys and tokens that Talos generated stand in the files (${own.length}): keep them out of public places`,
                kind: 'note' as const,
              },
            ]),
      ]
    },
  },
]
