<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Module\Server\Panelbridge\Actor;
use WHMCS\Module\Server\Panelbridge\Alerts;
use WHMCS\Module\Server\Panelbridge\Answer;
use WHMCS\Module\Server\Panelbridge\BridgeClient;
use WHMCS\Module\Server\Panelbridge\ConnectionTest;
use WHMCS\Module\Server\Panelbridge\Language;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Products;
use WHMCS\Module\Server\Panelbridge\Server;
use WHMCS\Module\Server\Panelbridge\Servers;

/** A product whose every order would fail: said when it is saved. */
final class ProductRules
{
    public static function saved(Params $variables): void
    {
        $product = Products::ours($variables->number('pid'));
        if ($product === null) {
            return;
        }
        $name = $product->text('name') ?: (string) $product->number('id');
        if (Products::isProrata($product)) {
            Alerts::show(Language::text('product_prorata', ['product' => $name]));
        }
        $keys = Servers::keysFor(0, $product);
        if ($keys === [] || $product->text('configoption1') === '') {
            return;
        }
        foreach (self::checked($keys, $product)->maps('checks') as $check) {
            if (($check['ok'] ?? false) !== true) {
                Alerts::show(Language::text('product_unsellable', ['why' => ConnectionTest::line($check)]));
            }
        }
    }

    /** @param array<string, mixed> $keys */
    private static function checked(array $keys, Params $product): Answer
    {
        $client = new BridgeClient(Server::fromParams(Params::of($keys)), BridgeClient::PAGE_DEADLINE);
        return $client->call('CheckProducts', [
            'products' => [Products::forCheck($product)],
            'call' => ['actor' => Actor::present()],
        ]);
    }
}
