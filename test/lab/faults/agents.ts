import { type UA } from 'jssip';
import { afterEach } from 'vitest';
import { startLab, type Lab, type LabOptions } from '../../../src/lab/start-lab.ts';
import { createAgent, registered, type Answer } from '../support/jssip-agent.ts';

type Name = 'alice' | 'bob';
type TwoUsers = Lab<Name>;

/** Labs and agents of one test file, ended after each test. */
export function agentsOfLabs() {
  const agents: UA[] = [];
  const labs: TwoUsers[] = [];
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.stop();
    await Promise.all(labs.splice(0).map((lab) => lab.stop()));
  });

  async function openLab(options: Pick<LabOptions<Name>, 'config' | 'tokens'> = {}): Promise<TwoUsers> {
    const lab = await startLab(options);
    labs.push(lab);
    return lab;
  }

  /** Not started. */
  function agentOf(lab: TwoUsers, name: Name): UA {
    const agent = createAgent(lab, name);
    agents.push(agent);
    return agent;
  }

  /** `ask`: the header field by which it asks for a credential. */
  async function register(lab: TwoUsers, name: Name, ask?: string): Promise<{ agent: UA; answer: Answer }> {
    const agent = agentOf(lab, name);
    if (ask !== undefined) agent.registrator().setExtraHeaders([ask]);
    const done = registered(agent);
    agent.start();
    return { agent, answer: await done };
  }

  return { openLab, agentOf, register };
}
