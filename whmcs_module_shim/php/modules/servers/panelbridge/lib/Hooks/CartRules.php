<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Actor;
use WHMCS\Module\Server\Panelbridge\Alerts;
use WHMCS\Module\Server\Panelbridge\Answer;
use WHMCS\Module\Server\Panelbridge\BridgeClient;
use WHMCS\Module\Server\Panelbridge\CallError;
use WHMCS\Module\Server\Panelbridge\Language;
use WHMCS\Module\Server\Panelbridge\OurService;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Products;
use WHMCS\Module\Server\Panelbridge\Redactor;
use WHMCS\Module\Server\Panelbridge\Server;
use WHMCS\Module\Server\Panelbridge\Servers;
use WHMCS\Module\Server\Panelbridge\ServiceCall;
use WHMCS\Module\Server\Panelbridge\Visit;

/**
 * What may not be sold: what the bridge proves it cannot deliver, and fields no panel would take. When the bridge gives
 * no answer the order goes through.
 */
final class CartRules
{
    private const MAC = '/^[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}$/i';
    private const USERNAME = '/^[A-Za-z0-9._-]{1,64}$/';

    /** @return list<string> */
    public static function atCheckout(Params $form): array
    {
        return self::refusals(CartLines::all(), self::email($form));
    }

    /** @return list<string> */
    public static function atConfiguration(Params $form): array
    {
        return self::refusals(CartLines::configured($form), '');
    }

    /** @return list<string> */
    public static function atUpgrade(Params $variables): array
    {
        $service = OurService::find($variables->number('id'));
        $product = Products::ours($variables->number('pid'));
        if ($service === null || $product === null) {
            return [];
        }
        $chosen = $variables->text('billingcycle') ?: Visit::posted()->text('billingcycle');
        $extra = ['new_plan' => $product->text('configoption1')];
        $extra += Products::isCycle($chosen) ? ['new_cycle' => Products::cycleName($chosen)] : [];
        return self::asked(static fn (): Answer => ServiceCall::about($service)
            ->send('CheckUpgrade', $extra, [], BridgeClient::PAGE_DEADLINE));
    }

    /**
     * Everything that stands against these lines, at once: what is wrong whatever the panel is, and what the bridge
     * knows.
     *
     * @param list<CartLine> $lines
     * @return list<string>
     */
    private static function refusals(array $lines, string $email): array
    {
        $refusals = [];
        $byServer = [];
        foreach ($lines as $line) {
            $unfit = self::unfit($line);
            array_push($refusals, ...array_values($unfit));
            Redactor::learn($line->mac);
            $keys = Servers::keysFor(0, $line->product);
            $id = (int) ($keys['serverid'] ?? 0);
            $items = [...($byServer[$id]['items'] ?? []), $line->forCheck(array_keys($unfit))];
            $byServer[$id] = ['keys' => $keys, 'items' => $items];
        }
        foreach ($byServer as $group) {
            array_push($refusals, ...self::checked($group['keys'], $group['items'], $email));
        }
        return array_values(array_unique($refusals));
    }

    /**
     * @param array<string, mixed> $keys
     * @param list<array<string, int|string>> $items
     * @return list<string>
     */
    private static function checked(array $keys, array $items, string $email): array
    {
        return self::asked(static function () use ($keys, $items, $email): Answer {
            $client = new BridgeClient(Server::fromParams(Params::of($keys)), BridgeClient::PAGE_DEADLINE);
            $body = ['items' => $items, 'call' => ['actor' => Actor::present()]];
            return $client->call('CheckCheckout', $body + ($email === '' ? [] : ['email' => $email]));
        });
    }

    /**
     * Only a proper answer can refuse; an error of any kind lets the order through. What only the shop can fix is
     * told to its staff, for the visitor can do nothing about it.
     *
     * @param callable(): Answer $ask
     * @return list<string>
     */
    private static function asked(callable $ask): array
    {
        try {
            $answer = $ask();
        } catch (CallError) {
            return [];
        }
        foreach ($answer->texts('staff') as $text) {
            Alerts::show(Language::text('cart_refused', ['why' => $text]));
        }
        return $answer->texts('refusals');
    }

    /** @return array<string, string> what is wrong whatever the panel is, by the member of the line */
    private static function unfit(CartLine $line): array
    {
        $refusals = [];
        if ($line->mac !== '' && preg_match(self::MAC, $line->mac) !== 1) {
            $refusals['mac'] = Language::text('cart_bad_mac');
        }
        if ($line->username !== '' && preg_match(self::USERNAME, $line->username) !== 1) {
            $refusals['username'] = Language::text('cart_bad_username');
        }
        if ($line->quantity > 1) {
            $refusals['qty'] = Language::text('cart_quantity');
        }
        if (Products::isProrata($line->product)) {
            $refusals['prorata'] = Language::text('cart_prorata');
            $values = ['product' => $line->product->text('name')];
            Alerts::show(Language::text('product_prorata', $values));
        }
        return $refusals;
    }

    /** Some panels need the customer's address; of a visitor who is logged in, WHMCS's form does not carry it. */
    private static function email(Params $form): string
    {
        $client = $form->number('clientId') ?: (int) Visit::kept('uid');
        $kept = $client === 0 ? null : Capsule::table('tblclients')->where('id', $client)->value('email');
        return $form->text('email') ?: Params::of(['email' => (string) $kept])->text('email');
    }
}
