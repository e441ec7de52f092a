/** Who may come in: passwords, and how many sessions an account may have over all edges. */
import type { PasswordChecker } from '../admin/hash-pool.ts';
import type { AccountConfig } from '../core/config.ts';

export interface Knock {
  account: string;
  password: string;
  address: string;
  /** An SMPP session, which counts; HTTP requests do not. */
  session: boolean;
}

export class Gatekeeper {
  readonly #checker: PasswordChecker;
  readonly #limits: Map<string, number>;
  readonly #sessions = new Map<string, number>();

  constructor(accounts: readonly AccountConfig[], checker: PasswordChecker) {
    this.#checker = checker;
    this.#limits = new Map(accounts.map((account) => [account.name, account.sessions_max]));
  }

  async decide({ account, password, session }: Knock): Promise<'ok' | 'refused' | 'busy' | 'full'> {
    const answer = await this.#checker.check(account, password);
    if (answer !== 'ok' || !session) return answer;
    const count = this.#sessions.get(account) ?? 0;
    if (count >= (this.#limits.get(account) ?? 0)) return 'full';
    this.#sessions.set(account, count + 1);
    return 'ok';
  }

  sessionEnded(account: string): void {
    this.#sessions.set(account, Math.max(0, (this.#sessions.get(account) ?? 0) - 1));
  }

  async close(): Promise<void> {
    await this.#checker.close();
  }
}
