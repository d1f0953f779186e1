// Which model fills, where the service has several; remembered as long as the tab is open.
const KEPT = 'inpaint-model';
const field = () => document.querySelector('#settings [name=model]');

/** Offer models by name, the service's own choice first. */
export function offerModels(names) {
  const select = field();
  select.disabled = names.length < 2;
  select.closest('label').hidden = select.disabled;
  select.replaceChildren(...names.map((name) => new Option(name)));
  const kept = sessionStorage.getItem(KEPT);
  if (names.includes(kept)) select.value = kept;
  select.addEventListener('change', () => sessionStorage.setItem(KEPT, select.value));
}

/** The name of the one that is chosen; undefined where there is no choice. */
export function chosenModel() {
  return field().disabled ? undefined : field().value;
}
