<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\Cart;
use Panelbridge\Standin\Catalogue;
use Panelbridge\Standin\ConfigurableOptions;
use Panelbridge\Standin\CustomFields;
use Panelbridge\Standin\Cycle;
use Panelbridge\Standin\Invoices;
use Panelbridge\Standin\Orders;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Text;
use WHMCS\Database\Capsule;

/** Configuring a product, checking out, paying: enough of the shop to see the module's refusals. */
final class CartPage
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $query
     * @param ?array<string, mixed> $post
     * @return array{status: int, location: string, body: string}
     */
    public function respond(array $query, ?array $post): array
    {
        $action = (string) ($query['a'] ?? 'add');
        if ($action === 'checkout') {
            return $this->checkout($post !== null);
        }
        $pid = (int) ($query['pid'] ?? 0);
        $refusals = [];
        if ($post !== null) {
            $item = $this->item($pid, $post);
            $refusals = (new Cart($this->shop))->productRefusals(0, $item);
            if ($refusals === []) {
                $_SESSION['standin_items'] = [$item];
                return Site::redirect('/cart.php?a=checkout');
            }
        }
        $body = Html::alert('danger', implode(' / ', $refusals))
            . Html::card('Configure', $this->form($pid, $post ?? []));
        return Site::html(200, 'Configure ' . Shop::row('tblproducts', $pid)['name'], $body);
    }

    /**
     * @param ?array<string, mixed> $post
     * @return array{status: int, location: string, body: string}
     */
    public function invoice(int $id, ?array $post): array
    {
        $invoice = Shop::row('tblinvoices', $id);
        if ((int) $invoice['userid'] !== (int) $_SESSION['uid']) {
            throw new Refused('no such invoice');
        }
        if ($post !== null && $invoice['status'] === 'Unpaid') {
            (new Invoices($this->shop))->addPayment($id, null, 'page-' . bin2hex(random_bytes(6)), 'banktransfer');
            $invoice = Shop::row('tblinvoices', $id);
        }
        $pay = $invoice['status'] === 'Unpaid'
            ? Html::button('Pay now', "/viewinvoice.php?id=$id", [], (string) $_SESSION['token']) : '';
        $rows = ['Status' => Html::text($invoice['status']), 'Total' => Html::text($invoice['total'])];
        return Site::html(200, "Invoice $id", Html::card('Invoice', Html::table($rows) . $pay));
    }

    /** @return array{status: int, location: string, body: string} */
    private function checkout(bool $places): array
    {
        $items = (array) ($_SESSION['standin_items'] ?? []);
        $refusals = [];
        if ($places && $items !== []) {
            $client = (int) $_SESSION['uid'];
            $refusals = (new Cart($this->shop))->refusals($client, $items, 'banktransfer');
            if ($refusals === []) {
                $placed = (new Orders($this->shop))->place($client, $items, 'banktransfer', true);
                unset($_SESSION['standin_items'], $_SESSION['cart']);
                return Site::redirect("/viewinvoice.php?id={$placed['invoice_id']}");
            }
        }
        $names = Capsule::table('tblproducts')->whereIn('id', array_column($items, 'pid'))->pluck('name')->all();
        $body = Html::alert('danger', implode(' / ', $refusals)) . '<p>' . Html::text(implode(', ', $names)) . '</p>'
            . Html::button('Complete Order', '/cart.php?a=checkout', [], (string) $_SESSION['token']);
        return Site::html(200, 'Checkout', Html::card('Your order', $body));
    }

    /** @param array<string, mixed> $typed */
    private function form(int $pid, array $typed): string
    {
        $cycles = [];
        foreach (['Monthly', 'Quarterly', 'Semi-Annually', 'Annually', 'Biennially', 'Triennially'] as $cycle) {
            $price = Catalogue::productPrice($pid, Cycle::priceColumn($cycle));
            if ($price >= 0) {
                $cycles[Cycle::cartName($cycle)] = "$cycle \$" . Text::money($price);
            }
        }
        $chosen = (string) ($typed['billingcycle'] ?? '');
        $markup = Html::field('Billing cycle', Html::select('billingcycle', $cycles, $chosen));
        foreach ((new ConfigurableOptions())->ofProduct($pid) as $option) {
            $name = "configoption[{$option['id']}]";
            $choices = array_map([Text::class, 'afterPipe'], array_column($option['choices'], 'optionname', 'id'));
            $value = (string) ($typed['configoption'][$option['id']] ?? $option['qtyminimum']);
            $control = (int) $option['optiontype'] >= 3
                ? Html::input($name, $value, 'number') : Html::select($name, $choices, $value);
            $markup .= Html::field(Text::afterPipe((string) $option['optionname']), $control);
        }
        foreach ((new CustomFields())->ofProduct($pid) as $field) {
            if ($field['showorder'] === 'on') {
                $name = "customfield[{$field['id']}]";
                $value = $typed['customfield'][$field['id']] ?? '';
                $markup .= Html::field((string) $field['fieldname'], Html::input($name, $value));
            }
        }
        return sprintf(
            '<form method="post" action="/cart.php?a=add&amp;pid=%d"><input type="hidden" name="token" value="%s">%s'
            . '<button class="btn btn-primary">Continue</button></form>',
            $pid,
            Html::text($_SESSION['token']),
            $markup
        );
    }

    /**
     * @param array<string, mixed> $post
     * @return array<string, mixed> an item as Orders::place takes it
     */
    private function item(int $pid, array $post): array
    {
        $fields = [];
        foreach ((new CustomFields())->ofProduct($pid) as $field) {
            $name = Text::beforePipe((string) $field['fieldname']);
            $fields[$name] = (string) ($post['customfield'][$field['id']] ?? '');
        }
        return ['pid' => $pid, 'billingcycle' => (string) ($post['billingcycle'] ?? 'monthly'),
            'custom_fields' => $fields,
            'configurable_options' => (array) ($post['configoption'] ?? [])];
    }
}
