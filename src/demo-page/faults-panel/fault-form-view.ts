import { AIM_FIELDS, FAULT_FORMS, type FaultField } from './fault-forms.ts';
import { requestOf, type AskedFault } from './fault-request.ts';

const EVERY_METHOD = 'every method';

interface Shown {
  readonly field: FaultField;
  readonly control: HTMLInputElement | HTMLSelectElement;
}

/** A form for any fault. `ask` rejects with words about what the server does not take. */
export class FaultFormView {
  readonly element = document.createElement('form');
  readonly #kind = document.createElement('select');
  readonly #method = document.createElement('select');
  readonly #methodLabel: HTMLLabelElement;
  readonly #fields = document.createElement('div');
  readonly #problem = document.createElement('p');
  readonly #aim: readonly Shown[];
  #own: readonly Shown[] = [];

  constructor(user: () => string, ask: (request: AskedFault) => Promise<void>) {
    this.element.className = 'faults-form';
    this.element.noValidate = true;
    this.element.dataset.testid = 'fault-form';
    for (const [kind, { label }] of FAULT_FORMS) this.#kind.append(new Option(label, kind));
    this.#kind.name = 'kind';
    this.#method.name = 'method';
    this.#methodLabel = labelled('Method', this.#method);
    this.#fields.className = 'faults-fields';
    this.#aim = AIM_FIELDS.map(showField);
    const aim = document.createElement('div');
    aim.className = 'faults-fields';
    aim.append(this.#methodLabel, ...this.#aim.map(({ field, control }) => labelled(field.label, control)));
    this.#problem.className = 'faults-problem';
    this.#problem.id = 'faults-problem';
    this.#problem.setAttribute('role', 'alert');
    const add = document.createElement('button');
    add.type = 'submit';
    add.className = 'primary';
    add.textContent = 'Add fault';
    this.element.append(labelled('Fault', this.#kind), this.#fields, aim, this.#problem, add);
    this.#kind.addEventListener('change', () => {
      this.#offer();
    });
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit(user(), ask);
    });
    this.#offer();
  }

  #offer(): void {
    const { fields = [], methods = [] } = FAULT_FORMS.get(this.#kind.value) ?? {};
    this.#own = fields.map(showField);
    this.#fields.replaceChildren(...this.#own.map(({ field, control }) => labelled(field.label, control)));
    this.#method.replaceChildren(new Option(EVERY_METHOD, ''), ...methods.map((method) => new Option(method, method)));
    this.#methodLabel.hidden = methods.length === 0;
    this.#showProblem();
  }

  async #submit(user: string, ask: (request: AskedFault) => Promise<void>): Promise<void> {
    this.#showProblem();
    const shown = [...this.#own, ...this.#aim];
    const values = new Map(shown.map(({ field, control }) => [field.name, control.value]));
    const filled = requestOf(this.#kind.value, values.set('user', user).set('method', this.#method.value));
    if (!filled.ok) {
      this.#showProblem(filled.problem, shown.find(({ field }) => field.name === filled.field)?.control);
      return;
    }
    try {
      await ask(filled.request);
    } catch (error) {
      this.#showProblem(error instanceof Error ? error.message : String(error));
    }
  }

  #showProblem(text = '', control?: HTMLElement): void {
    for (const { control: other } of [...this.#own, ...this.#aim]) {
      other.removeAttribute('aria-invalid');
      other.removeAttribute('aria-describedby');
    }
    this.#problem.textContent = text;
    control?.setAttribute('aria-invalid', 'true');
    control?.setAttribute('aria-describedby', this.#problem.id);
    control?.focus();
  }
}

function showField(field: FaultField): Shown {
  if (field.type === 'choice') {
    const select = document.createElement('select');
    select.append(...field.values.map((value) => new Option(value, value)));
    select.name = field.name;
    select.value = field.start;
    return { field, control: select };
  }
  const input = document.createElement('input');
  input.name = field.name;
  input.value = String(field.start ?? '');
  input.autocomplete = 'off';
  if (field.type === 'number') {
    input.type = 'number';
    input.min = String(field.min);
    input.max = String(field.max);
  } else {
    input.maxLength = field.maxLength;
  }
  return { field, control: input };
}

function labelled(text: string, control: HTMLElement): HTMLLabelElement {
  const label = document.createElement('label');
  label.className = 'field';
  label.append(`${text} `, control);
  return label;
}
