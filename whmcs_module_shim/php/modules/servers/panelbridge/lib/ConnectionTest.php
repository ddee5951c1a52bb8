<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Test Connection: green only when an order would work, else one line per failed check with its remedy. */
final class ConnectionTest
{
    /** @return array{success: bool, error: string} */
    public static function run(Params $params): array
    {
        try {
            $server = Server::fromParams($params);
            $products = Products::ofServer($server->id);
            $hooksRun = HookList::isRegistered() || !Products::exist();
            $answer = (new BridgeClient($server))->call('TestConnection', [
                'hooks_detected' => $hooksRun,
                'products' => array_map([Products::class, 'forCheck'], $products),
                'settings' => (object) ShopSettings::present(),
                'call' => ['actor' => Actor::present()],
            ]);
            $failures = [...self::failures($server, $answer, $hooksRun), ...self::unsellable($products)];
            return $failures === [] ? ['success' => true, 'error' => ''] : self::red($answer, $failures);
        } catch (CallError $error) {
            $caller = $error->answer?->data['caller'] ?? null;
            $seen = is_string($caller) ? ' ' . Language::text('test_caller', ['address' => Text::line($caller)]) : '';
            return ['success' => false, 'error' => $error->told(Language::text('verb_TestConnection')) . $seen];
        } catch (\Throwable $thrown) {
            return ['success' => false, 'error' => Guarded::unexpected(Language::text('verb_TestConnection'), $thrown)];
        }
    }

    /** @return list<string> */
    private static function failures(Server $server, Answer $answer, bool $hooksRun): array
    {
        $failures = [];
        $told = [];
        foreach ($answer->maps('checks') as $check) {
            $told[] = is_string($check['name'] ?? null) ? $check['name'] : '';
            if (($check['ok'] ?? false) !== true) {
                $failures[] = self::line($check);
            }
        }
        if ($told === []) {
            $failures[] = Language::text('test_no_checks');
        }
        // The bridge is told whether the hooks run; should it not mention it, they are still needed.
        if (!$hooksRun && !in_array('hooks', $told, true)) {
            $failures[] = Language::text('test_hooks') . ' ' . Language::text('test_hooks_remedy');
        }
        if ($server->crossesOpenNetwork()) {
            $failures[] = Language::text('test_clear_text');
        }
        return $failures;
    }

    /**
     * What the bridge cannot see: how WHMCS bills.
     *
     * @param list<Params> $products
     * @return list<string>
     */
    private static function unsellable(array $products): array
    {
        $told = static fn (Params $product): string =>
            Language::text('product_prorata', ['product' => $product->text('name')]);
        return array_map($told, array_values(array_filter($products, [Products::class, 'isProrata'])));
    }

    /**
     * A failed check of the bridge with its remedy.
     *
     * @param array<string, mixed> $check
     */
    public static function line(array $check): string
    {
        $part = static fn (string $name): string =>
            is_string($check[$name] ?? null) ? Text::sentence($check[$name]) : '';
        $remedy = $part('remedy');
        if (($check['name'] ?? '') === 'hooks') {
            $remedy = Language::text('test_hooks_remedy');
        }
        $of = self::product(is_string($check['name'] ?? null) ? $check['name'] : '');
        return trim($of . ($part('message') ?: $part('name')) . ' ' . $remedy);
    }

    /** The bridge knows a product by its number only. */
    private static function product(string $name): string
    {
        if (preg_match('/^product (\d{1,9})$/', $name, $found) !== 1) {
            return '';
        }
        $product = Products::ours((int) $found[1])?->text('name') ?: $found[1];
        return Language::text('test_product', ['product' => $product]) . ' ';
    }

    /**
     * @param list<string> $failures
     * @return array{success: bool, error: string}
     */
    private static function red(Answer $answer, array $failures): array
    {
        $caller = $answer->data['caller'] ?? null;
        if (is_string($caller) && $caller !== '') {
            $failures[] = Language::text('test_caller', ['address' => Text::line($caller)]);
        }
        if ($answer->requestId !== '') {
            $failures[] = Language::text('request', ['id' => $answer->requestId]);
        }
        return ['success' => false, 'error' => Redactor::clean(implode(' ', $failures))];
    }
}
