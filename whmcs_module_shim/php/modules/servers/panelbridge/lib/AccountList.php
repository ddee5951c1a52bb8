<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/**
 * ListAccounts: every page or an error. WHMCS offers to terminate a service that is missing from the list, so a short
 * list would destroy data.
 */
final class AccountList
{
    private const MOST_PAGES = 10000;
    private const STATUSES = ['active' => 'Active', 'suspended' => 'Suspended'];

    /** @return array{success: bool, accounts?: list<array<string, string>>, error?: string} */
    public static function of(Params $params): array
    {
        try {
            return ['success' => true, 'accounts' => self::pages(new BridgeClient(Server::fromParams($params)))];
        } catch (CallError $error) {
            return ['success' => false, 'error' => $error->told(Language::text('verb_ListAccounts'))];
        } catch (\Throwable $thrown) {
            return ['success' => false, 'error' => Guarded::unexpected(Language::text('verb_ListAccounts'), $thrown)];
        }
    }

    /** @return list<array<string, string>> */
    private static function pages(BridgeClient $client): array
    {
        $accounts = [];
        $cursor = null;
        $seen = [];
        for ($page = 0; $page < self::MOST_PAGES; $page++) {
            $answer = $client->call('ListAccounts', ['cursor' => $cursor, 'call' => ['actor' => Actor::present()]]);
            $list = $answer->data['accounts'] ?? null;
            if ($answer->isPending() || !is_array($list) || !array_key_exists('cursor', $answer->data)) {
                throw CallError::notUnderstood(Language::text('why_list_incomplete'));
            }
            foreach ($list as $account) {
                $accounts[] = self::account($account);
            }
            $cursor = $answer->data['cursor'];
            if ($cursor === null) {
                return self::withEmails($accounts);
            }
            if (!is_string($cursor) || $cursor === '' || isset($seen[$cursor])) {
                throw CallError::notUnderstood(Language::text('why_list_incomplete'));
            }
            $seen[$cursor] = true;
        }
        throw CallError::notUnderstood(Language::text('why_list_incomplete'));
    }

    /** @return array<string, string> */
    private static function account(mixed $account): array
    {
        $text = Params::ofPlain(is_array($account) ? $account : []);
        $status = self::STATUSES[strtolower($text->text('status'))] ?? null;
        $created = strtotime($text->text('created'));
        if ($text->text('username') === '' || $status === null || $created === false) {
            $name = Text::line($text->text('username'));
            throw CallError::notUnderstood(Language::text('why_list_account', ['name' => $name]));
        }
        return [
            'serviceid' => $text->text('serviceid'),
            'email' => '',
            'username' => $text->text('username'),
            'domain' => $text->text('domain'),
            'uniqueIdentifier' => $text->text('username'),
            'product' => $text->text('plan'),
            'primaryip' => '',
            'created' => date('Y-m-d H:i:s', $created),
            'status' => $status,
        ];
    }

    /**
     * The e-mail is WHMCS's own knowledge; the bridge holds no client data.
     *
     * @param list<array<string, string>> $accounts
     * @return list<array<string, string>>
     */
    private static function withEmails(array $accounts): array
    {
        foreach (array_chunk(array_keys($accounts), 500) as $positions) {
            $ids = array_map(static fn (int $position): int => (int) $accounts[$position]['serviceid'], $positions);
            $emails = Capsule::table('tblhosting as h')->join('tblclients as c', 'c.id', '=', 'h.userid')
                ->whereIn('h.id', $ids)->pluck('c.email', 'h.id')->all();
            foreach ($positions as $position) {
                $accounts[$position]['email'] = (string) ($emails[(int) $accounts[$position]['serviceid']] ?? '');
                unset($accounts[$position]['serviceid']);
            }
        }
        return $accounts;
    }
}
