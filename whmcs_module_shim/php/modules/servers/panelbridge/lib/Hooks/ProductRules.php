<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Module\Server\Panelbridge\Alerts;
use WHMCS\Module\Server\Panelbridge\Language;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Products;
use WHMCS\Module\Server\Panelbridge\ProductSettings;
use WHMCS\Module\Server\Panelbridge\Server;
use WHMCS\Module\Server\Panelbridge\Servers;

/** A product that sells a cycle its plan does not have would fail at each order: said when the product is saved. */
final class ProductRules
{
    public static function saved(Params $variables): void
    {
        $product = Products::ours($variables->number('pid'));
        $keys = $product === null ? [] : Servers::keysFor(0, $product);
        if ($product === null || $keys === [] || $product->text('configoption1') === '') {
            return;
        }
        $plan = $product->text('configoption1');
        $cycles = ProductSettings::cyclesByPlan(Server::fromParams(Params::of($keys)));
        $values = ['product' => $product->text('name'), 'plan' => $plan];
        if (!isset($cycles[$plan])) {
            Alerts::show(Language::text('product_plan_unknown', $values));
            return;
        }
        $missing = array_diff(Products::cyclesOf($product), $cycles[$plan]);
        if ($missing !== []) {
            Alerts::show(Language::text('product_cycles', $values + ['cycles' => implode(', ', $missing)]));
        }
    }
}
