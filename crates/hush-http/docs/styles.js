// The page's policy takes styles from files alone. The reference writes its styles into <style> elements and style
// attributes, which the policy leaves without effect. What a file's script puts into the object model is not concerned,
// so what was written is moved there.
{
  const sheets = new Map();

  const adopt = (element) => {
    if (element.tagName !== 'STYLE' || element.sheet?.cssRules.length) return;
    let entry = sheets.get(element);
    if (!entry) {
      entry = { sheet: new CSSStyleSheet(), text: '' };
      sheets.set(element, entry);
      document.adoptedStyleSheets.push(entry.sheet);
    }
    if (entry.text !== element.textContent) {
      entry.text = element.textContent;
      entry.sheet.replaceSync(entry.text);
    }
  };

  const apply = (element) => {
    const text = element.getAttribute('style');
    if (text && !element.style.length) element.style.cssText = text;
  };

  const visit = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    adopt(node);
    apply(node);
    node.querySelectorAll('style').forEach(adopt);
    node.querySelectorAll('[style]').forEach(apply);
  };

  const drop = (node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    for (const style of node.tagName === 'STYLE' ? [node] : node.querySelectorAll('style')) {
      const entry = sheets.get(style);
      if (!entry || style.isConnected) continue;
      sheets.delete(style);
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== entry.sheet);
    }
  };

  new MutationObserver((changes) => {
    for (const { type, target, addedNodes, removedNodes } of changes) {
      if (type === 'attributes') apply(target);
      if (type === 'characterData' && target.parentElement) adopt(target.parentElement);
      if (target.nodeName === 'STYLE') adopt(target);
      removedNodes.forEach(drop);
      addedNodes.forEach(visit);
    }
  }).observe(document, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['style'],
  });
}
