<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/**
 * What stands between a visitor and an order: the product step and the checkout step, each with its
 * validation hook (WHMCS developer docs, hooks). The cart lies in $_SESSION['cart']['products'], where
 * handlers look for it because the hooks' own variables do not carry it (seen in open modules).
 */
final class Cart
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param list<array<string, mixed>> $items as in Orders::place
     * @return list<string> what refuses the order
     */
    public function refusals(int $clientId, array $items, string $method): array
    {
        $_SESSION['uid'] = $clientId;
        $_SESSION['cart'] = ['products' => array_map([$this, 'sessionItem'], $items)];
        $refusals = [];
        foreach (array_keys($items) as $index) {
            array_push($refusals, ...$this->productRefusals($index, $items[$index]));
        }
        return $refusals !== [] ? $refusals : $this->checkoutRefusals($clientId, $method);
    }

    /**
     * @param array<string, mixed> $item
     * @return list<string>
     */
    public function productRefusals(int $index, array $item): array
    {
        $entry = $this->sessionItem($item);
        $refusals = $this->fieldRefusals((int) $item['pid'], $entry['customfields']);
        $product = Shop::row('tblproducts', (int) $item['pid']);
        $column = Cycle::priceColumn(Cycle::named((string) ($item['billingcycle'] ?? 'monthly')));
        $priced = $product['paytype'] !== 'free' && !isset($item['price']);
        if ($priced && Catalogue::productPrice((int) $item['pid'], $column) < 0) {
            $refusals[] = 'The billing cycle is not offered for this product';
        }
        $request = ['a' => 'confproduct', 'configure' => true, 'i' => $index, 'billingcycle' => $entry['billingcycle'],
            'configoption' => $entry['configoptions'], 'customfield' => $entry['customfields']];
        return [...$refusals, ...$this->shop->hooks->refusals('ShoppingCartValidateProductUpdate', $request)];
    }

    /** @return list<string> */
    private function checkoutRefusals(int $clientId, string $method): array
    {
        $client = Shop::row('tblclients', $clientId);
        $posted = array_intersect_key($client, array_flip(['firstname', 'lastname', 'email', 'address1', 'city',
            'state', 'postcode', 'country', 'phonenumber']));
        $posted += ['paymentmethod' => $method, 'accepttos' => 'on', 'custtype' => 'existing', 'clientId' => $clientId];
        return $this->shop->hooks->refusals('ShoppingCartValidateCheckout', $posted);
    }

    /**
     * @param array<int, string> $typed field id => text
     * @return list<string>
     */
    private function fieldRefusals(int $productId, array $typed): array
    {
        $refusals = [];
        foreach ((new CustomFields())->ofProduct($productId) as $field) {
            $text = $typed[(int) $field['id']] ?? '';
            if ($field['required'] === 'on' && $text === '') {
                $refusals[] = "{$field['fieldname']} is required";
            }
            $pattern = (string) $field['regexpr'];
            if ($text !== '' && $pattern !== '' && preg_match($pattern, $text) !== 1) {
                $refusals[] = "{$field['fieldname']} is not valid";
            }
        }
        return $refusals;
    }

    /**
     * @param array<string, mixed> $item
     * @return array<string, mixed> pid, domain, billingcycle, qty, configoptions and customfields by their ids
     */
    private function sessionItem(array $item): array
    {
        $options = [];
        $chosen = (array) ($item['configurable_options'] ?? []);
        foreach ((new ConfigurableOptions())->selections((int) $item['pid'], $chosen) as $one) {
            $counted = (int) $one['option']['optiontype'] >= 3;
            $options[$one['configid']] = $counted ? $one['qty'] : $one['optionid'];
        }
        $fields = [];
        foreach ((new CustomFields())->ofProduct((int) $item['pid']) as $field) {
            $typed = $item['custom_fields'][Text::beforePipe((string) $field['fieldname'])] ?? '';
            $fields[(int) $field['id']] = Text::fromForm((string) $typed);
        }
        return ['pid' => (int) $item['pid'], 'domain' => (string) ($item['domain'] ?? ''),
            'billingcycle' => Cycle::cartName((string) ($item['billingcycle'] ?? 'monthly')),
            'qty' => (int) ($item['quantity'] ?? 1), 'configoptions' => $options, 'customfields' => $fields];
    }
}
